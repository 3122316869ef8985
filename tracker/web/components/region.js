// Corners are [row, column] in pixels of the reference photo, here and in Python.

const SVG = "http://www.w3.org/2000/svg";
const CORNER_PX = 9;
const MANY_CORNERS = 16;
const SMALL_CORNER_PX = 6;
const FINGER_PX = 22;
const EDGE_PX = 10;
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function rulerHint(ends) {
  if (ends === 2) return "Drag an end to adjust.";
  return ends ? "Click the other end." : "Click both ends of a length you know.";
}

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
  let before = null; // the corners before the drag, until it has moved

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
  const nearest = (point, touch) => {
    const reach = perPixel() * (touch ? FINGER_PX : 2 * cornerPx());
    const gaps = editor.corners.map((c) => Math.hypot(c[0] - point[0], c[1] - point[1]));
    const k = gaps.indexOf(Math.min(...gaps));
    return k >= 0 && gaps[k] <= reach ? k : -1;
  };

  // The edge a point lies on, by the corner it starts from; -1 for none.
  const edgeAt = (point, touch) => {
    const n = editor.corners.length;
    if (n < 3) return -1;
    const gaps = editor.corners.map((a, k) => {
      const b = editor.corners[(k + 1) % n];
      const along = [b[0] - a[0], b[1] - a[1]];
      const length = along[0] ** 2 + along[1] ** 2 || 1;
      const at = ((point[0] - a[0]) * along[0] + (point[1] - a[1]) * along[1]) / length;
      const t = Math.min(1, Math.max(0, at));
      return Math.hypot(a[0] + t * along[0] - point[0], a[1] + t * along[1] - point[1]);
    });
    const k = gaps.indexOf(Math.min(...gaps));
    return gaps[k] <= perPixel() * (touch ? 1.5 * EDGE_PX : EDGE_PX) ? k : -1;
  };
  const suggestion = () => (editor.corners.length ? [] : editor.data.suggestion || []);

  editor.draw = () => {
    if (!editor.data) return;
    const [height, width] = editor.data.shape;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    const asPoints = (corners) => corners.map(([row, column]) => `${column},${row}`).join(" ");
    const offered = asPoints(suggestion());
    if (offered) {
      svg.append(shape("polygon", { points: offered, class: "suggested" }));
      svg.append(shape("polygon", { points: offered, class: "suggested upper" }));
    }
    const points = asPoints(editor.corners);
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
    const more = n < 3 ? `${3 - n} more needed` : "drag a corner to adjust, click an edge to add one";
    const none = offered
      ? "The dashed line is a suggestion: the skin that was found. Use it, or click around the area to measure."
      : "Click around the area to measure.";
    const drawn = n ? `${n} ${n === 1 ? "corner" : "corners"}; ${more}.` : none;
    root.querySelector(".hint").textContent = editor.data.ruler ? rulerHint(n) : drawn;
    root.querySelector(".accept").hidden = !offered;
    root.querySelector(".undo").disabled = editor.history.length === 0;
    root.querySelector(".remove").hidden = editor.data.ruler; // it has two ends, and an end is moved
    root.querySelector(".remove").disabled = editor.chosen < 0;
    root.querySelector(".clear").disabled = n === 0;
  };

  // A ruler has two ends: a third point takes the place of the last one.
  const placed = (corners, point) => (editor.data.ruler ? [...corners.slice(0, 1), point] : [...corners, point]);
  const change = (corners) => {
    editor.history.push(editor.corners);
    editor.corners = corners;
    editor.draw();
  };
  const undo = () => {
    editor.corners = editor.history.pop() || [];
    editor.chosen = -1;
    editor.draw();
    commit();
  };
  const remove = () => {
    if (!editor.corners.length) return;
    const gone = editor.chosen >= 0 ? editor.chosen : editor.corners.length - 1;
    editor.chosen = -1;
    change(editor.corners.filter((_, k) => k !== gone));
    commit();
  };
  const commit = () => {
    const rounded = editor.corners.map((corner) => corner.map((value) => Math.round(value * 10) / 10));
    editor.send(rounded);
  };

  stage.onpointerdown = (event) => {
    if (event.button > 0 || !editor.data) return;
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    const point = pointed(event);
    const touch = event.pointerType === "touch";
    editor.cross = null;
    before = null;
    dragging = nearest(point, touch);
    if (dragging >= 0) before = editor.corners;
    else {
      const edge = edgeAt(point, touch);
      change(edge < 0 ? placed(editor.corners, point) : editor.corners.toSpliced(edge + 1, 0, point));
      dragging = edge < 0 ? editor.corners.length - 1 : edge + 1;
    }
    editor.chosen = dragging;
    editor.draw();
  };
  stage.onpointermove = (event) => {
    if (dragging < 0) return;
    if (before) change(before.map((corner) => [...corner]));
    before = null;
    editor.corners[dragging] = pointed(event);
    editor.draw();
  };
  stage.onpointerup = stage.onpointercancel = () => {
    if (dragging >= 0 && !before) commit();
    dragging = -1;
  };
  stage.onkeydown = (event) => {
    const step = (event.shiftKey ? 40 : 8) * perPixel();
    const [height, width] = editor.data.shape;
    const n = editor.corners.length;
    if (event.key in ARROWS && editor.chosen >= 0) {
      const [down, right] = ARROWS[event.key];
      const [row, column] = editor.corners[editor.chosen];
      change(editor.corners.with(editor.chosen, clamp([row + down * step, column + right * step])));
      commit();
    } else if (event.key in ARROWS) {
      const from = editor.cross || [height / 2, width / 2];
      const [down, right] = ARROWS[event.key];
      editor.cross = clamp([from[0] + down * step, from[1] + right * step]);
      editor.draw();
    } else if (event.key === "Enter" && editor.cross) {
      change(placed(editor.corners, editor.cross));
      commit();
    } else if (event.key === "Backspace" || event.key === "Delete") remove();
    else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
      if (editor.history.length) undo();
    } else if ((event.key === "n" || event.key === "p") && n) {
      editor.chosen = (editor.chosen + (event.key === "n" ? 1 : editor.chosen < 0 ? 0 : -1) + n) % n;
      editor.cross = null;
      editor.draw();
    } else if (event.key === "Escape" && editor.chosen >= 0) {
      editor.chosen = -1;
      editor.draw();
    } else return;
    event.preventDefault();
  };
  root.querySelector(".undo").onclick = undo;
  root.querySelector(".remove").onclick = remove;
  root.querySelector(".accept").onclick = () => {
    change(suggestion().map((corner) => [...corner]));
    commit();
  };
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
