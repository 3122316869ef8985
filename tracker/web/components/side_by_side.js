const PAN_KEYS = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };

function pane() {
  const figure = document.createElement("figure");
  figure.className = "pane";
  const failure = document.createElement("p");
  failure.className = "failure";
  failure.textContent = "This photo could not be loaded. Reload the page.";
  const label = document.createElement("figcaption");
  label.className = "label left";
  figure.append(failure, label);
  return figure;
}

function mount(root) {
  const stage = root.querySelector(".stage");
  const viewer = { data: null };
  stage.tabIndex = 0;
  stage.setAttribute("role", "group");

  viewer.show = () => {
    if (!viewer.data) return;
    const { pictures } = viewer.data;
    while (stage.children.length > pictures.length) stage.lastChild.remove();
    while (stage.children.length < pictures.length) stage.append(pane());
    pictures.forEach((picture, k) => {
      stage.children[k].querySelector(".label").textContent = picture.label;
      showPicture(stage.children[k], picture, viewer.zoom.scale);
    });
  };

  viewer.zoom = createZoom(stage, (zoom) => {
    showZoom(root, zoom);
    viewer.show();
  });

  stage.onpointerdown = (event) => {
    if (event.button > 0) return;
    stage.setPointerCapture(event.pointerId);
    viewer.zoom.down(event);
  };
  stage.onpointermove = (event) => viewer.zoom.move(event);
  stage.onpointerup = stage.onpointercancel = (event) => viewer.zoom.up(event);
  stage.onkeydown = (event) => {
    if (event.key in PAN_KEYS && viewer.zoom.scale > 1) viewer.zoom.pan(...PAN_KEYS[event.key]);
    else if (!zoomKey(viewer.zoom, event.key)) return;
    event.preventDefault();
  };
  bindZoomButtons(root, viewer.zoom);
  new ResizeObserver(() => viewer.show()).observe(stage);
  viewer.zoom.fit();
  return viewer;
}

// Streamlit calls this again on every rerun: zoom and pan live on the element.
export default function (component) {
  const root = component.parentElement.querySelector(".viewer");
  const viewer = root.viewer || (root.viewer = mount(root));
  viewer.data = component.data;
  root.style.setProperty("--aspect", component.data.aspect);
  root.querySelector(".stage").setAttribute("aria-label", component.data.title);
  root.querySelector(".hint").textContent = component.data.hint;
  viewer.show();
}
