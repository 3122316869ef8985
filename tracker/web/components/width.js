// Tells the page whether it is narrow. Says something only when that changes, so that the page is drawn again once.
export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const narrow = () => window.innerWidth < data.narrow;
  let told = data.told;
  const tell = () => {
    if (narrow() !== told) {
      told = narrow();
      setStateValue("narrow", told);
    }
  };
  tell();
  window.addEventListener("resize", tell);
  return () => window.removeEventListener("resize", tell);
}
