// Who is signed in, the way out, and a warning before an idle session ends. The clock is the server's: this page only
// asks it, and leaves for the sign-in page once the session is over, whoever ended it.

const ASK_MS = 5000;
const WARN_SECONDS = 120;
const ENDED = "/session/sign-in?said=ended";

export default function (component) {
  const { data, parentElement: root } = component;
  const find = (selector) => root.querySelector(selector);
  const menu = find(".me");
  const idle = find(".idle");

  find(".name").textContent = data.name;
  find(".role").textContent = data.role;
  find(".own").hidden = !data.has_account;
  find(".setup").hidden = !data.may_set_up;
  find(".out").textContent = data.may_set_up ? "Leave the demonstration" : "Sign out";

  const show = (seconds) => {
    const ending = seconds < WARN_SECONDS;
    if (ending) {
      const minutes = Math.max(1, Math.round(seconds / 60));
      find(".left").textContent = `You will be signed out in about ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
      if (idle.hidden) {
        idle.hidden = false;
        find(".stay").focus();
      }
    } else idle.hidden = true;
  };

  let isLeaving = false;
  const ask = async (method) => {
    let answer;
    try {
      answer = await fetch("/session/left", { method, cache: "no-store" });
    } catch {
      return; // the server is away; Streamlit says so
    }
    if (!answer.ok || isLeaving) return;
    const { seconds } = await answer.json();
    if (seconds === null) window.location.replace(ENDED);
    else show(seconds);
  };

  const leave = () => {
    isLeaving = true;
    const form = document.createElement("form");
    form.method = "post";
    form.action = "/session/sign-out";
    document.body.append(form);
    form.submit();
  };

  const stay = () => ask("POST");
  const look = () => document.visibilityState === "visible" && ask("GET");
  const close = (event) => !event.composedPath().includes(menu) && (menu.open = false);
  const escape = (event) => event.key === "Escape" && (menu.open = false);

  find(".out").addEventListener("click", leave);
  find(".stay").addEventListener("click", stay);
  document.addEventListener("visibilitychange", look);
  document.addEventListener("click", close);
  document.addEventListener("keydown", escape);
  const asking = setInterval(() => ask("GET"), ASK_MS);
  return () => {
    clearInterval(asking);
    find(".out")?.removeEventListener("click", leave);
    find(".stay")?.removeEventListener("click", stay);
    document.removeEventListener("visibilitychange", look);
    document.removeEventListener("click", close);
    document.removeEventListener("keydown", escape);
  };
}
