// Zoom and pan shared by every picture of one stage. Offsets are fractions of the pane, so that panes of one size
// stay in step whatever their width on the screen.

const MAX_ZOOM = 8;
const WIDTHS = [640, 1024, 1600, 2400, 3600];

function createZoom(stage, onChange) {
  const zoom = { scale: 1, x: 0, y: 0, pointers: new Map() };

  const settle = () => {
    zoom.scale = Math.min(MAX_ZOOM, Math.max(1, zoom.scale));
    zoom.x = Math.min(0, Math.max(1 - zoom.scale, zoom.x));
    zoom.y = Math.min(0, Math.max(1 - zoom.scale, zoom.y));
    const shift = `translate(${zoom.x * 100}%, ${zoom.y * 100}%) scale(${zoom.scale})`;
    stage.style.setProperty("--shift", shift);
    stage.classList.toggle("zoomed", zoom.scale > 1);
    onChange(zoom);
  };

  // Where a pointer is in its own pane, in fractions.
  zoom.at = (event) => {
    const panes = [...stage.querySelectorAll(".pane")].map((pane) => pane.getBoundingClientRect());
    const inside = (b) => event.clientX >= b.left && event.clientX <= b.right && event.clientY <= b.bottom;
    const box = panes.find(inside) || panes[0];
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height, box };
  };

  zoom.by = (factor, point = { x: 0.5, y: 0.5 }) => {
    const next = Math.min(MAX_ZOOM, Math.max(1, zoom.scale * factor));
    zoom.x = point.x - ((point.x - zoom.x) * next) / zoom.scale;
    zoom.y = point.y - ((point.y - zoom.y) * next) / zoom.scale;
    zoom.scale = next;
    settle();
  };

  zoom.pan = (dx, dy) => {
    zoom.x += dx;
    zoom.y += dy;
    settle();
  };

  zoom.fit = () => {
    Object.assign(zoom, { scale: 1, x: 0, y: 0 });
    settle();
  };

  // One finger or mouse pans, two fingers pinch. Returns true if the gesture was used.
  zoom.down = (event) => zoom.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  zoom.up = (event) => zoom.pointers.delete(event.pointerId);
  zoom.move = (event) => {
    const before = zoom.pointers.get(event.pointerId);
    if (!before) return false;
    const now = { x: event.clientX, y: event.clientY };
    zoom.pointers.set(event.pointerId, now);
    const { box } = zoom.at(event);
    const other = [...zoom.pointers].find(([id]) => id !== event.pointerId);
    if (other) {
      const gap = (p) => Math.hypot(p.x - other[1].x, p.y - other[1].y) || 1;
      const middle = { clientX: (now.x + other[1].x) / 2, clientY: (now.y + other[1].y) / 2 };
      zoom.by(gap(now) / gap(before), zoom.at(middle));
      return true;
    }
    if (zoom.scale === 1) return false;
    zoom.pan((now.x - before.x) / box.width, (now.y - before.y) / box.height);
    return true;
  };

  // A plain wheel scrolls the page; only a pinch on the trackpad (which arrives as Ctrl + wheel) zooms.
  stage.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom.by(Math.exp(-event.deltaY / 300), zoom.at(event));
    },
    { passive: false },
  );
  stage.addEventListener("dblclick", (event) => (zoom.scale > 1 ? zoom.fit() : zoom.by(2.5, zoom.at(event))));
  return zoom;
}

function zoomKey(zoom, key) {
  if (key === "+" || key === "=") zoom.by(1.5);
  else if (key === "-") zoom.by(1 / 1.5);
  else if (key === "0") zoom.fit();
  else return false;
  return true;
}

function bindZoomButtons(root, zoom) {
  root.querySelector(".in").onclick = () => zoom.by(1.5);
  root.querySelector(".out").onclick = () => zoom.by(1 / 1.5);
  root.querySelector(".fit").onclick = () => zoom.fit();
}

function showZoom(root, zoom) {
  root.querySelector(".scale").textContent = `${Math.round(zoom.scale * 100)} %`;
  root.querySelector(".out").disabled = zoom.scale <= 1;
  root.querySelector(".fit").disabled = zoom.scale <= 1;
  root.querySelector(".in").disabled = zoom.scale >= MAX_ZOOM;
}

// Loads a picture at the width the screen can show; what is shown stays until the sharper one is there.
function showPicture(pane, picture, scale = 1) {
  if (!pane.clientWidth) return; // in a tab that is not open
  const wanted = pane.clientWidth * (window.devicePixelRatio || 1) * scale;
  const width = WIDTHS.find((step) => step >= wanted) || WIDTHS[WIDTHS.length - 1];
  const shown = pane.dataset.source === picture.src;
  if (shown && Number(pane.dataset.width) >= width) return;
  Object.assign(pane.dataset, { source: picture.src, width });
  if (!shown) pane.classList.add("loading");
  pane.classList.remove("failed");
  const image = new Image();
  image.alt = picture.alt;
  image.draggable = false;
  const current = () => pane.dataset.source === picture.src && Number(pane.dataset.width) === width;
  image.onload = () => {
    if (!current()) return;
    pane.querySelectorAll("img").forEach((old) => old.remove());
    pane.prepend(image);
    pane.classList.remove("loading");
  };
  image.onerror = () => {
    if (!current()) return;
    pane.classList.remove("loading");
    pane.classList.toggle("failed", !pane.querySelector("img") || !shown);
  };
  image.src = picture.src + (picture.src.includes("?") ? "&" : "?") + `w=${width}`;
}
