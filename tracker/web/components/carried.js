// Photos with lines over them, in pixels of each photo; the pixels themselves are never touched.

const SVG = "http://www.w3.org/2000/svg";

function drawn(lines, [height, width]) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-hidden", "true");
  for (const kind of ["", "upper"]) {
    for (const line of lines) {
      const element = document.createElementNS(SVG, "polyline");
      element.setAttribute("points", line.map(([row, column]) => `${column},${row}`).join(" "));
      if (kind) element.setAttribute("class", kind);
      svg.append(element);
    }
  }
  return svg;
}

export default function (component) {
  const list = component.parentElement.querySelector(".strip");
  const known = new Map([...list.children].map((item) => [item.dataset.source, item]));
  const items = component.data.photos.map(({ picture, shape, lines }) => {
    let item = known.get(picture.src);
    if (!item) {
      item = document.createElement("li");
      item.dataset.source = picture.src;
      item.innerHTML =
        '<div class="frame"><div class="pane"><p class="failure">This photo could not be loaded.</p></div></div><p></p>';
    }
    const frame = item.querySelector(".frame");
    frame.style.aspectRatio = `${shape[1]} / ${shape[0]}`;
    frame.querySelector("svg")?.remove();
    frame.append(drawn(lines, shape));
    item.lastElementChild.textContent = picture.label;
    return item;
  });
  list.replaceChildren(...items);
  items.forEach((item, k) => showPicture(item.querySelector(".pane"), component.data.photos[k].picture));
}
