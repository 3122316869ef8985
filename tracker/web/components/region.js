// Corners are [row, column] in pixels of the reference photo, here and in Python.

const SVG = "http://www.w3.org/2000/svg";
const CORNER_PX = 9;
const MANY_CORNERS = 16;
const SMALL_CORNER_PX = 5;
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function shape(kind, attributes) {
  const element = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function mount(root) {
  const stage = root.querySelector(".stage");
  const svg = root.querySelector("svg");
  const editor = { corners: [], history: [], chosen: -1, cross: null, data: null };
  let dragging = -1;

  const cornerPx = () => (editor.corners.length > MANY_CORNERS ? SMALL_CORNER_PX : CORNER_PX);
  const perPixel = () => editor.data.shape[1] / (stage.clientWidth || 1);
  const clamp = ([row, column]) => [
    Math.min(editor.data.shape[0] - 1, Math.max(0, row)),
    Math.min(editor.data.shape[1] - 1, Math.max(0, column)),
  ];
  const pointed = (event) => {
    const box = svg.getBoundingClientRect();
    const row = ((event.clientY - box.top) / box.height) * editor.data.shape[0];
    return clamp([row, ((event.clientX - box.left) / box.width) * editor.data.shape[1]]);
  };
  const nearest = (point) => {
    const reach = perPixel() * 2 * cornerPx();
    const gaps = editor.corners.map((c) => Math.hypot(c[0] - point[0], c[1] - point[1]));
    const k = gaps.indexOf(Math.min(...gaps));
    return k >= 0 && gaps[k] <= reach ? k : -1;
  };

  editor.draw = () => {
    if (!editor.data) return;
    const [height, width] = editor.data.shape;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    const points = editor.corners.map(([row, column]) => `${column},${row}`).join(" ");
    const kind = editor.corners.length > 2 ? "polygon" : "polyline";
    svg.append(shape(kind, { points, class: "outline" }), shape(kind, { points, class: "outline upper" }));
    editor.corners.forEach(([row, column], k) => {
      const chosen = k === editor.chosen ? " chosen" : "";
      svg.append(shape("circle", { cx: column, cy: row, r: cornerPx() * perPixel(), class: `corner${chosen}` }));
    });
    if (editor.cross) {
      const [row, column] = editor.cross;
      const arm = 14 * perPixel();
      svg.append(shape("line", { x1: column - arm, x2: column + arm, y1: row, y2: row, class: "cross" }));
      svg.append(shape("line", { x1: column, x2: column, y1: row - arm, y2: row + arm, class: "cross" }));
    }
    const n = editor.corners.length;
    const more = n < 3 ? `${3 - n} more needed` : "drag a corner to adjust";
    root.querySelector(".hint").textContent = n ? `${n} ${n === 1 ? "corner" : "corners"}; ${more}.` : "Click around the area to measure.";
    root.querySelector(".undo").disabled = editor.history.length === 0;
    root.querySelector(".clear").disabled = n === 0;
  };

  const change = (corners) => {
    editor.history.push(editor.corners);
    editor.corners = corners;
    editor.draw();
  };
  const commit = () => {
    const rounded = editor.corners.map((corner) => corner.map((value) => Math.round(value * 10) / 10));
    editor.send(rounded);
  };

  stage.onpointerdown = (event) => {
    if (event.button > 0 || !editor.data) return;
    stage.setPointerCapture(event.pointerId);
    const point = pointed(event);
    editor.cross = null;
    dragging = nearest(point);
    if (dragging >= 0) change(editor.corners.map((corner) => [...corner]));
    else {
      change([...editor.corners, point]);
      dragging = editor.corners.length - 1;
    }
    editor.chosen = dragging;
    editor.draw();
  };
  stage.onpointermove = (event) => {
    if (dragging < 0) return;
    editor.corners[dragging] = pointed(event);
    editor.draw();
  };
  stage.onpointerup = stage.onpointercancel = () => {
    if (dragging >= 0) commit();
    dragging = -1;
  };
  stage.onkeydown = (event) => {
    const step = (event.shiftKey ? 40 : 8) * perPixel();
    const [height, width] = editor.data.shape;
    if (event.key in ARROWS) {
      const from = editor.cross || [height / 2, width / 2];
      const [down, right] = ARROWS[event.key];
      editor.cross = clamp([from[0] + down * step, from[1] + right * step]);
      editor.draw();
    } else if (event.key === "Enter" && editor.cross) {
      change([...editor.corners, editor.cross]);
      commit();
    } else if (event.key === "Backspace" || event.key === "Delete") {
      change(editor.corners.slice(0, -1));
      commit();
    } else return;
    event.preventDefault();
  };
  root.querySelector(".undo").onclick = () => {
    editor.corners = editor.history.pop() || [];
    editor.chosen = -1;
    editor.draw();
    commit();
  };
  root.querySelector(".clear").onclick = () => {
    change([]);
    commit();
  };
  new ResizeObserver(() => {
    editor.draw();
    if (editor.data) showPicture(root.querySelector(".pane"), editor.data.picture);
  }).observe(stage);
  return editor;
}

// Streamlit calls this again on every rerun: the corners being drawn live on the element. Corners from Python
// are taken over when another photo or another saved version comes.
export default function (component) {
  const root = component.parentElement.querySelector(".viewer");
  const editor = root.editor || (root.editor = mount(root));
  const { data } = component;
  const fresh = !editor.data || editor.data.picture.src !== data.picture.src || editor.data.version !== data.version;
  if (fresh) Object.assign(editor, { corners: data.corners.map((c) => [...c]), history: [], chosen: -1, cross: null });
  editor.data = data;
  editor.send = (corners) => component.setStateValue("corners", corners);
  root.style.setProperty("--aspect", data.shape[1] / data.shape[0]);
  showPicture(root.querySelector(".pane"), data.picture);
  editor.draw();
}
