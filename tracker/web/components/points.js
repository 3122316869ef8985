// Points are [row, column, of] in pixels of the photo, here and in Python; `of` is the place of a point in the list that
// came from Python, -1 for a new one, so that what is known of a point goes with it.

const SVG = "http://www.w3.org/2000/svg";
const POINT_PX = 11;
const MANY_POINTS = 30;
const SMALL_POINT_PX = 8;
const RING_PX = 9;
const FINGER_PX = 22;
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function shape(kind, attributes, text) {
  const element = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function mount(root) {
  const stage = root.querySelector(".stage");
  const svg = root.querySelector("svg");
  const numbers = root.querySelector(".numbers");
  const editor = { points: [], history: [], chosen: -1, cross: null, data: null };
  let dragging = -1;
  let before = null; // the points before the drag, until it has moved

  const pointPx = () => (editor.points.length > MANY_POINTS ? SMALL_POINT_PX : POINT_PX);
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
  const nearest = (at, touch) => {
    const reach = perPixel() * (touch ? FINGER_PX : 1.5 * pointPx());
    const gaps = editor.points.map((point) => Math.hypot(point[0] - at[0], point[1] - at[1]));
    const k = gaps.indexOf(Math.min(...gaps));
    return k >= 0 && gaps[k] <= reach ? k : -1;
  };

  const drawNumbers = () => {
    const held = [...numbers.querySelectorAll("button")].indexOf(document.activeElement ?? null);
    const inside = root.getRootNode().activeElement;
    const focused = held < 0 ? [...numbers.querySelectorAll("button")].indexOf(inside) : held;
    while (numbers.children.length > editor.points.length) numbers.lastElementChild.remove();
    while (numbers.children.length < editor.points.length) {
      const k = numbers.children.length;
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = String(k + 1);
      button.setAttribute("aria-label", `Point ${k + 1}`);
      button.onclick = () => choose(editor.chosen === k ? -1 : k);
      button.onkeydown = (event) => key(event);
      item.append(button);
      numbers.append(item);
    }
    [...numbers.querySelectorAll("button")].forEach((button, k) => {
      button.setAttribute("aria-pressed", String(k === editor.chosen));
    });
    if (focused >= numbers.children.length && numbers.children.length) {
      numbers.lastElementChild.querySelector("button").focus();
    } else if (focused >= 0 && !numbers.children.length) stage.focus({ preventScroll: true });
  };

  editor.draw = () => {
    if (!editor.data) return;
    const [height, width] = editor.data.shape;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    for (const kind of ["ring", "ring upper"]) {
      for (const [row, column] of editor.data.rings || []) {
        svg.append(shape("circle", { cx: column, cy: row, r: RING_PX * perPixel(), class: kind }));
      }
    }
    editor.points.forEach(([row, column], k) => {
      const chosen = k === editor.chosen ? " chosen" : "";
      svg.append(shape("circle", { cx: column, cy: row, r: pointPx() * perPixel(), class: `point${chosen}` }));
      const size = (pointPx() > SMALL_POINT_PX ? 12 : 9) * perPixel();
      const place = { x: column, y: row, class: `number${chosen}`, "font-size": size };
      svg.append(shape("text", place, String(k + 1)));
    });
    if (editor.cross) {
      const [row, column] = editor.cross;
      const arm = 14 * perPixel();
      svg.append(shape("line", { x1: column - arm, x2: column + arm, y1: row, y2: row, class: "cross" }));
      svg.append(shape("line", { x1: column, x2: column, y1: row - arm, y2: row + arm, class: "cross" }));
    }
    const n = editor.points.length;
    const rings = (editor.data.rings || []).length ? " Rings: earlier sessions." : "";
    const said = n ? `${n} ${n === 1 ? "point" : "points"}; drag one to move it.` : "Click where it was injected.";
    root.querySelector(".hint").textContent = said + rings;
    root.querySelector(".undo").disabled = editor.history.length === 0;
    root.querySelector(".remove").disabled = editor.chosen < 0;
    root.querySelector(".clear").disabled = n === 0;
    drawNumbers();
  };

  const choose = (k) => {
    editor.chosen = k;
    editor.cross = null;
    editor.draw();
  };
  const commit = () => {
    editor.send(editor.points.map(([row, column, of]) => [Math.round(row * 10) / 10, Math.round(column * 10) / 10, of]));
  };
  const change = (points) => {
    editor.history.push(editor.points);
    editor.points = points;
    editor.draw();
  };
  const place = (at) => {
    if (editor.points.length >= editor.data.most) return false;
    change([...editor.points, [...at, -1]]);
    return true;
  };
  const undo = () => {
    if (!editor.history.length) return;
    editor.points = editor.history.pop();
    choose(-1);
    commit();
  };
  const remove = () => {
    if (!editor.points.length) return;
    const gone = editor.chosen >= 0 ? editor.chosen : editor.points.length - 1;
    editor.chosen = -1;
    change(editor.points.filter((_, k) => k !== gone));
    commit();
  };

  stage.onpointerdown = (event) => {
    if (event.button > 0 || !editor.data) return;
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    const at = pointed(event);
    editor.cross = null;
    before = null;
    dragging = nearest(at, event.pointerType === "touch");
    if (dragging >= 0) before = editor.points;
    else if (place(at)) dragging = editor.points.length - 1;
    editor.chosen = dragging;
    editor.draw();
  };
  stage.onpointermove = (event) => {
    if (dragging < 0) return;
    if (before) change(before.map((point) => [...point]));
    before = null;
    editor.points[dragging] = [...pointed(event), editor.points[dragging][2]];
    editor.draw();
  };
  stage.onpointerup = stage.onpointercancel = () => {
    if (dragging >= 0 && !before) commit();
    dragging = -1;
  };

  const key = (event) => {
    const step = (event.shiftKey ? 40 : 8) * perPixel();
    const [height, width] = editor.data.shape;
    const n = editor.points.length;
    if (event.key in ARROWS && editor.chosen >= 0) {
      const [down, right] = ARROWS[event.key];
      const [row, column, of] = editor.points[editor.chosen];
      change(editor.points.with(editor.chosen, [...clamp([row + down * step, column + right * step]), of]));
      commit();
    } else if (event.key in ARROWS) {
      const from = editor.cross || [height / 2, width / 2];
      const [down, right] = ARROWS[event.key];
      editor.cross = clamp([from[0] + down * step, from[1] + right * step]);
      editor.draw();
    } else if (event.key === "Enter" && editor.cross) {
      if (place(editor.cross)) commit();
    } else if (event.key === "Backspace" || event.key === "Delete") remove();
    else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) undo();
    else if ((event.key === "n" || event.key === "p") && n) {
      choose((editor.chosen + (event.key === "n" ? 1 : editor.chosen < 0 ? 0 : -1) + n) % n);
    } else if (event.key === "Escape" && editor.chosen >= 0) choose(-1);
    else return;
    event.preventDefault();
  };
  stage.onkeydown = key;
  root.querySelector(".undo").onclick = undo;
  root.querySelector(".remove").onclick = remove;
  root.querySelector(".clear").onclick = () => {
    editor.chosen = -1;
    change([]);
    commit();
  };
  new ResizeObserver(() => {
    editor.draw();
    if (editor.data) showPicture(root.querySelector(".pane"), editor.data.picture);
  }).observe(stage);
  return editor;
}

// Streamlit calls this again on every rerun: what is being placed lives on the element. Points from Python are taken
// over when another photo or another saved version comes.
export default function (component) {
  const root = component.parentElement.querySelector(".viewer");
  const editor = root.editor || (root.editor = mount(root));
  const { data } = component;
  const fresh = !editor.data || editor.data.picture.src !== data.picture.src || editor.data.version !== data.version;
  if (fresh) Object.assign(editor, { points: data.points.map((p) => [...p]), history: [], chosen: -1, cross: null });
  editor.data = data;
  editor.send = (points) => component.setStateValue("points", points);
  root.style.setProperty("--aspect", data.shape[1] / data.shape[0]);
  showPicture(root.querySelector(".pane"), data.picture);
  editor.draw();
}
