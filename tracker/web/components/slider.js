const STEPS = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 };
const BLINK_MS = 800;
const SIDEWAYS_PX = 6;

function mount(root) {
  const stage = root.querySelector(".stage");
  const handle = root.querySelector(".handle");
  const blink = root.querySelector(".blink");
  const viewer = { position: 50, data: null, timer: 0 };

  viewer.show = () => {
    if (!viewer.data) return;
    showPicture(root.querySelector(".before"), viewer.data.before, viewer.zoom.scale);
    showPicture(root.querySelector(".after"), viewer.data.after, viewer.zoom.scale);
  };

  viewer.set = (value) => {
    viewer.position = Math.min(100, Math.max(0, value));
    stage.style.setProperty("--at", `${viewer.position}%`);
    handle.setAttribute("aria-valuenow", Math.round(viewer.position));
    handle.setAttribute("aria-valuetext", `Divider at ${Math.round(viewer.position)} percent`);
    stage.classList.toggle("hide-left", viewer.position < 12);
    stage.classList.toggle("hide-right", viewer.position > 88);
  };

  viewer.stop = () => {
    clearInterval(viewer.timer);
    viewer.timer = 0;
    stage.classList.remove("blinking");
    blink.setAttribute("aria-pressed", "false");
  };

  viewer.zoom = createZoom(stage, (zoom) => {
    showZoom(root, zoom);
    viewer.show();
  });

  const follow = (event) => viewer.set(viewer.zoom.at(event).x * 100);
  const IDLE = 0;
  const ARMED = 1;
  const DRAGGING = 2;
  let drag = IDLE;
  let from = 0;
  stage.onpointerdown = (event) => {
    if (event.button > 0) return;
    viewer.stop();
    stage.setPointerCapture(event.pointerId);
    viewer.zoom.down(event);
    const grips = viewer.zoom.scale === 1 || event.target.closest(".handle") !== null;
    // A finger may be about to scroll the page or to pinch: it moves the divider once it goes sideways, or taps.
    drag = viewer.zoom.pointers.size > 1 || !grips ? IDLE : event.pointerType === "mouse" ? DRAGGING : ARMED;
    from = event.clientX;
    if (drag === DRAGGING) follow(event);
    handle.focus({ preventScroll: true });
  };
  stage.onpointermove = (event) => {
    if (drag === ARMED && Math.abs(event.clientX - from) > SIDEWAYS_PX) drag = DRAGGING;
    if (drag === DRAGGING) follow(event);
    if (drag === IDLE) viewer.zoom.move(event);
  };
  stage.onpointerup = (event) => {
    viewer.zoom.up(event);
    if (drag === ARMED) follow(event);
    drag = IDLE;
  };
  stage.onpointercancel = (event) => {
    viewer.zoom.up(event);
    drag = IDLE;
  };
  handle.onkeydown = (event) => {
    const before = viewer.position;
    if (event.key in STEPS) viewer.set(before + STEPS[event.key]);
    else if (event.key === "Home") viewer.set(0);
    else if (event.key === "End") viewer.set(100);
    else if (!zoomKey(viewer.zoom, event.key)) return;
    viewer.stop();
    event.preventDefault();
  };
  blink.onclick = () => {
    if (viewer.timer) {
      viewer.stop();
      return;
    }
    blink.setAttribute("aria-pressed", "true");
    stage.classList.add("blinking");
    viewer.timer = setInterval(() => stage.classList.toggle("later"), BLINK_MS);
  };
  bindZoomButtons(root, viewer.zoom);
  new ResizeObserver(() => viewer.show()).observe(stage);
  viewer.set(viewer.position);
  viewer.zoom.fit();
  return viewer;
}

// Streamlit calls this again on every rerun: the viewer, and with it the divider, lives on the element.
export default function (component) {
  const root = component.parentElement.querySelector(".viewer");
  const viewer = root.viewer || (root.viewer = mount(root));
  viewer.data = component.data;
  root.style.setProperty("--aspect", component.data.aspect);
  root.querySelector(".left").textContent = component.data.before.label;
  root.querySelector(".right").textContent = component.data.after.label;
  root.querySelector(".hint").hidden = component.data.compact;
  viewer.show();
  return () => viewer.stop();
}
