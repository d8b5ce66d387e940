/** The graph: the drawing, panned and zoomed, restyled at every step. */
import { Camera } from "#gv/camera.js";
import { el, icon, parseSvg, put } from "#gv/dom.js";
import { Drawing } from "#gv/drawing.js";
import { chain, inside } from "#gv/scopes.js";

const OVERVIEW = 0.4; // the least scale at which the whole is worth more than its parts
const READABLE = 0.7;
const GLIDE = 180;
const HOVER = 120;

export function graph(element, app) {
  const crumbs = el("nav", { class: "crumbs", "aria-label": "Scopes" });
  const tool = (command, label, hint, face) => el("button", { type: "button", class: "btn icon", "aria-label": label, title: hint, click: () => app.command(command) }, face);
  const tools = el("div", { class: "stage-tools", role: "toolbar", "aria-label": "View" },
    el("button", { type: "button", class: "btn", title: "The whole graph (f)", click: () => app.command("fit") }, "Fit"),
    tool("zoomOut", "Zoom out", "Farther (−)", "−"),
    tool("zoomIn", "Zoom in", "Nearer (+)", "+"),
    tool("search", "Find a value", "Find a value (/)", icon("search")));
  const canvas = el("div", { class: "drawing" });
  element.append(canvas, crumbs, tools);

  let drawing = null;
  let camera = null;
  let glide = 0;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const pane = () => ({ width: canvas.clientWidth || 1, height: canvas.clientHeight || 1 });

  const look = () => drawing?.root.setAttribute("viewBox", camera.viewBox.map((n) => n.toFixed(2)).join(" "));

  function glideTo(rect) {
    cancelAnimationFrame(glide);
    const from = { x: camera.x, y: camera.y };
    camera.centre(rect);
    const to = { x: camera.x, y: camera.y };
    if (calm.matches || (app.player.playing && app.player.speed > 8)) return look();
    const start = performance.now();
    const move = (now) => {
      const share = Math.min(1, (now - start) / GLIDE);
      const eased = 1 - (1 - share) ** 3;
      camera.x = from.x + (to.x - from.x) * eased;
      camera.y = from.y + (to.y - from.y) * eased;
      look();
      if (share < 1) glide = requestAnimationFrame(move);
    };
    glide = requestAnimationFrame(move);
    return undefined;
  }

  function follow(index) {
    const box = drawing?.boxes[index];
    if (box && !camera.sees(box.rect)) glideTo(box.rect);
  }

  function paint() {
    drawing?.paint(app.player.frame, app.player.step, { selected: app.selected, breaks: app.breakpoints.atNode });
  }

  function insert() {
    const { view, index } = app.pass;
    const before = drawing;
    const focused = Drawing.boxAt(document.activeElement);
    const key = focused >= 0 ? before.pass.boxes[focused].key : null;
    const root = parseSvg(view.svg);
    const [x, y, width, height] = (root.getAttribute("viewBox") ?? "").split(/[ ,]+/).map(Number);
    for (const name of ["width", "height"]) root.removeAttribute(name);
    root.setAttribute("preserveAspectRatio", "xMinYMin meet");
    root.setAttribute("role", "group"); // an image would hide its boxes from screen readers
    drawing = new Drawing(root, app.pass);
    const content = { x: x || 0, y: y || 0, width: width || view.width, height: height || view.height };
    const same = before && before.pass.index !== index && JSON.stringify(camera.content) === JSON.stringify(content);
    if (!same) {
      camera = new Camera(content, pane());
      const start = drawing.boxes[Math.max(0, app.focus)] ?? drawing.boxes[0];
      if (start && content.width > 0) camera.readable(start.rect, READABLE, OVERVIEW);
    }
    put(canvas, root);
    look();
    paint();
    drawCrumbs();
    if (key !== null) drawing.boxes[app.pass.boxOfKey(key)]?.element.focus({ preventScroll: true });
  }

  function drawCrumbs() {
    const { view } = app.pass;
    const open = app.open ?? view.open;
    const scope = app.focus >= 0 ? app.pass.scopeOf(app.focus) : "";
    const shown = chain(scope).filter((key) => open.includes(key));
    const crumb = (text, title, keys) => el("button", { type: "button", class: "crumb", title, click: () => app.reopen(keys) }, text);
    const parts = open.length ? [crumb("all", "Fold every scope", [])] : [];
    for (const key of shown) parts.push(crumb(key.split("/").at(-1), `Fold what is inside ${key}`, open.filter((one) => one === key || !inside(one, key))));
    put(crumbs, parts.flatMap((part) => [part, el("span", { class: "sep", "aria-hidden": "true" }, "▸")]), el("span", { class: "note" }, view.note ?? ""));
  }

  function zoomBy(factor, x, y) {
    if (!camera) return;
    cancelAnimationFrame(glide);
    camera.zoom(factor, x, y);
    look();
  }

  listenToPointer(canvas, {
    pan(dx, dy) {
      if (!camera) return;
      cancelAnimationFrame(glide);
      camera.pan(dx, dy);
      look();
    },
    zoom: zoomBy,
    press: (target) => app.select(app.pass?.boxes[Drawing.boxAt(target)]?.key ?? null),
  });
  canvas.addEventListener("focusin", (event) => {
    const index = Drawing.boxAt(event.target);
    if (index < 0) return;
    if (event.target.matches(":focus-visible")) {
      follow(index);
      app.select(app.pass.boxes[index].key);
    }
  });
  let resting = null;
  canvas.addEventListener("pointerover", (event) => {
    clearTimeout(resting);
    const index = Drawing.boxAt(event.target);
    if (index < 0 || !app.pass.isSingle(index)) return;
    const { pass } = app;
    resting = setTimeout(async () => {
      const detail = await app.detail(pass.boxes[index].node).catch(() => null); // a hint, not worth a complaint
      if (detail && app.pass === pass) drawing.tell(index, detail, app.player.frame.boxes[index]);
    }, HOVER);
  });
  canvas.addEventListener("dblclick", (event) => {
    const index = Drawing.boxAt(event.target);
    if (index >= 0) app.runTo(index);
  });
  canvas.addEventListener("keydown", (event) => {
    const index = Drawing.boxAt(event.target);
    if (index < 0 || event.key !== "Enter") return;
    event.preventDefault();
    app.toggleBox(index);
  });
  new ResizeObserver(() => {
    if (!camera) return;
    camera.resize(pane());
    look();
  }).observe(canvas);

  app.on("pass", insert);
  app.on("move", () => {
    paint();
    follow(app.player.step?.box ?? -1);
    if (app.selected === null) drawCrumbsIfMoved();
  });
  let crumbScope = "";
  function drawCrumbsIfMoved() {
    const scope = app.focus >= 0 ? app.pass.scopeOf(app.focus) : "";
    if (scope !== crumbScope) drawCrumbs();
    crumbScope = scope;
  }
  app.on("select", () => {
    paint();
    drawCrumbs();
    if (app.selected !== null) follow(app.focus);
  });
  app.on("breakpoints", () => drawing && paint());
  app.on("ask:fit", () => {
    camera?.fit();
    look();
  });
  app.on("ask:zoomIn", () => zoomBy(1.25));
  app.on("ask:zoomOut", () => zoomBy(0.8));
  app.on("ask:breakpoint", () => {
    const node = app.pass?.boxes[app.focus]?.node;
    if (Number.isInteger(node)) app.breakpoints.toggleNode(node);
  });
}

/** Drag pans, wheel and pinch zoom around the pointer, a press without a drag is a press. */
function listenToPointer(canvas, { pan, zoom, press }) {
  const pointers = new Map();
  let dragged = false;
  const place = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (pointers.size === 0) dragged = false;
    pointers.set(event.pointerId, place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const distance = (point) => Math.hypot(point.x - other.x, point.y - other.y);
      zoom(distance(now) / Math.max(1, distance(before)), (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else if (!dragged && Math.hypot(now.x - before.x, now.y - before.y) < 4) return;
    else pan(now.x - before.x, now.y - before.y);
    if (!dragged) canvas.setPointerCapture(event.pointerId);
    dragged = true;
    canvas.classList.add("dragging");
    pointers.set(event.pointerId, now);
  });
  const release = (event) => {
    pointers.delete(event.pointerId);
    if (pointers.size === 0) canvas.classList.remove("dragging");
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("click", (event) => {
    if (!dragged) press(event.target);
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { x, y } = place(event);
    const lines = event.deltaMode === 1 ? 16 : 1;
    zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)), x, y);
  }, { passive: false });
}
