// Two masked pictures and the keys of a blinded rater: ← or → chooses, and where it is asked for, 0 to 4 says how
// clear it was. What is typed before both pictures are seen is not an answer.

const SIDES = { ArrowLeft: "left", ArrowRight: "right" };
const WIDTHS = [320, 640, 1024, 1600];
const SETTLING_MS = 300;
const UNANSWERED_MS = 6000;
const TYPING = "input, textarea, select, [contenteditable=true]";

function mount(root) {
  const pictures = [...root.querySelectorAll(".picture")];
  const sideButtons = [...root.querySelectorAll(".sides button")];
  const clear = root.querySelector(".clear");
  const digits = root.querySelector(".digits");
  const rater = { data: null, chosen: null, sent: false, shownAt: null, loaded: new Map() };

  const asksHow = () => rater.data.most !== null;
  const isReady = () => rater.shownAt !== null && performance.now() - rater.shownAt >= SETTLING_MS && !rater.sent;

  const picture = (src) => {
    if (!rater.loaded.has(src)) {
      const wanted = (pictures[0].clientWidth || 640) * (window.devicePixelRatio || 1);
      const image = new Image();
      image.alt = "";
      image.draggable = false;
      image.src = `${src}?w=${WIDTHS.find((step) => step >= wanted) || WIDTHS[WIDTHS.length - 1]}`;
      rater.loaded.set(src, image);
    }
    return rater.loaded.get(src);
  };

  const draw = () => {
    const { chosen, sent, shownAt } = rater;
    root.classList.toggle("sent", sent);
    pictures.forEach((figure) => figure.classList.toggle("chosen", figure.dataset.side === chosen));
    sideButtons.forEach((button) => {
      button.disabled = shownAt === null || sent;
      button.setAttribute("aria-pressed", button.dataset.side === chosen);
    });
    clear.hidden = !asksHow();
    clear.classList.toggle("open", chosen !== null);
    const loading = shownAt === null ? "Loading…" : "";
    const keys = matchMedia("(pointer: coarse)").matches ? "" : "Press ← or → on the keyboard.";
    const next = asksHow() && chosen ? "" : keys;
    root.querySelector(".status").textContent = loading || (sent ? "" : next);
  };

  const send = (confidence) => {
    rater.sent = true;
    const seconds = Math.round(performance.now() - rater.shownAt) / 1000;
    const { position, session } = rater.data;
    rater.tell({ position, choice: rater.chosen, confidence, seconds });
    draw();
    // The next pair is the receipt. Without it, as when the disk is full, the rater may answer again.
    setTimeout(() => {
      if (rater.data.session !== session || rater.data.position !== position) return;
      rater.sent = false;
      draw();
    }, UNANSWERED_MS);
  };
  const choose = (side) => {
    if (!isReady()) return;
    rater.chosen = side;
    if (asksHow()) draw();
    else send(null);
  };
  const grade = (confidence) => {
    if (isReady() && rater.chosen && asksHow() && confidence <= rater.data.most) send(confidence);
  };

  rater.show = () => {
    Object.assign(rater, { chosen: null, sent: false, shownAt: null });
    draw();
    pictures.forEach((figure) => {
      const image = picture(rater.data[figure.dataset.side]);
      figure.querySelectorAll("img").forEach((old) => old.remove());
      figure.classList.remove("failed");
      figure.classList.add("loading");
      figure.prepend(image);
    });
    const { position } = rater.data;
    const images = pictures.map((figure) => figure.querySelector("img"));
    const decoded = images.map((image, k) =>
      image.decode().then(() => pictures[k].classList.remove("loading")),
    );
    Promise.all(decoded)
      .then(() => {
        if (rater.data.position !== position) return;
        root.style.setProperty("--aspect", images[0].naturalWidth / images[0].naturalHeight);
        rater.shownAt = performance.now();
        draw();
        rater.data.next.forEach(picture); // while this pair is looked at
      })
      .catch(() => {
        if (rater.data.position !== position) return;
        pictures.forEach((figure, k) => {
          figure.classList.toggle("failed", !images[k].naturalWidth);
          figure.classList.remove("loading");
          if (!images[k].naturalWidth) rater.loaded.delete(rater.data[figure.dataset.side]);
        });
      });
  };

  rater.ask = () => {
    root.querySelector(".question").textContent = rater.data.question;
    root.querySelector(".ask").textContent = rater.data.ask;
    while (asksHow() && digits.children.length <= rater.data.most) {
      const button = document.createElement("button");
      const value = digits.children.length;
      button.type = "button";
      button.textContent = value;
      button.onclick = () => grade(value);
      digits.append(button);
    }
    draw();
  };

  rater.key = (event) => {
    const at = event.composedPath()[0];
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || at.matches?.(TYPING)) return;
    if (event.key in SIDES) choose(SIDES[event.key]);
    else if (/^[0-9]$/.test(event.key)) grade(Number(event.key));
    else return;
    event.preventDefault();
  };
  sideButtons.forEach((button) => (button.onclick = () => choose(button.dataset.side)));
  pictures.forEach((figure) => (figure.onclick = () => choose(figure.dataset.side)));
  return rater;
}

// Streamlit calls this again on every rerun. Keys are heard wherever the focus is: nobody has to click first.
export default function (component) {
  const root = component.parentElement.querySelector(".rating");
  const rater = root.rater || (root.rater = mount(root));
  const { data } = component;
  const isNew = !rater.data || rater.data.session !== data.session || rater.data.position !== data.position;
  rater.data = data;
  rater.tell = (answer) => component.setTriggerValue("answer", answer);
  root.setAttribute("aria-label", data.question);
  rater.ask();
  if (isNew) rater.show();
  window.addEventListener("keydown", rater.key);
  return () => window.removeEventListener("keydown", rater.key);
}
