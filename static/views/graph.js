/** The graph: an SVG, or of many boxes a canvas; panned and zoomed, restyled at every step. */
import { Camera } from "#gv/camera.js";
import { el, icon, put } from "#gv/dom.js";
import { Drawing } from "#gv/drawing.js";
import { eased, glide, MOST_GLIDING } from "#gv/glide.js";
import { origins, successors } from "#gv/lineage.js";
import { onTheme } from "#gv/looks.js";
import { directionOf, neighbour } from "#gv/neighbours.js";
import { listenToPointer } from "#gv/pointer.js";
import { chain, inside } from "#gv/scopes.js";
import { inFull } from "#gv/words.js";

const OVERVIEW = 0.6; // the least scale at which the whole can be read; farther away it opens nearer, and in part
const READABLE = 0.75;
const GLIDE = 180;
const HOVER = 120;

/** @param Large how a picture of many boxes is painted; a page that never has one may leave it out */
export function graph(element, app, Large = Drawing) {
  const crumbs = el("nav", { class: "crumbs", "aria-label": "Scopes" });
  const tool = (command, label, hint, face) => el("button", { type: "button", class: "btn icon", "aria-label": label, title: hint, click: () => app.command(command) }, face);
  const tools = el("div", { class: "stage-tools", role: "toolbar", "aria-label": "View" },
    el("button", { type: "button", class: "btn", title: "The whole graph (f)", click: () => app.command("fit") }, "Fit"),
    tool("zoomOut", "Zoom out", "Farther (−)", "−"),
    tool("zoomIn", "Zoom in", "Nearer (+)", "+"),
    tool("search", "Find a value", "Find a value (/)", icon("search")));
  const check = el("button", { type: "button", class: "btn", "aria-pressed": "false", "aria-label": "Check gradients", title: "Check gradients against the reference (g)", click: () => app.command("check") },
    icon("check"), el("span", { class: "wide" }, "Check gradients"));
  tools.prepend(check);
  const canvas = el("div", { class: "drawing" });
  element.append(canvas, crumbs, tools);

  let picture = null;
  let camera = null;
  let move = 0;
  let watched = -1; // the box that the eye is on
  let refocusing = false;
  let still = () => {}; // ends a movement of boxes
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const pane = () => ({ width: canvas.clientWidth || 1, height: canvas.clientHeight || 1 });
  const marks = () => ({
    selected: app.selected, breaks: app.breakpoints.atNode,
    markOf: (index) => app.checking.markOf(index), toured: (index) => app.tour.has(index),
  });

  const look = () => picture?.look(camera);
  const paint = () => picture?.paint(app.player.frame, app.player.step, marks());

  function glideTo(rect) {
    cancelAnimationFrame(move);
    const from = { x: camera.x, y: camera.y };
    camera.centre(rect);
    const to = { x: camera.x, y: camera.y };
    if (calm.matches || (app.player.playing && app.player.speed > 8)) return look();
    const start = performance.now();
    const go = (now) => {
      const share = (now - start) / GLIDE;
      camera.x = from.x + (to.x - from.x) * eased(share);
      camera.y = from.y + (to.y - from.y) * eased(share);
      look();
      if (share < 1) move = requestAnimationFrame(go);
    };
    move = requestAnimationFrame(go);
    return undefined;
  }

  function follow(index) {
    const rect = picture?.rect(index);
    if (rect && !camera.sees(rect)) glideTo(rect);
  }

  function insert() {
    const [before, seen] = [picture, camera];
    const focused = before?.focused ?? -1;
    still();
    cancelAnimationFrame(move);
    picture = app.pass.isLarge ? new Large(app.pass) : new Drawing(app.pass);
    settle(before, seen);
    put(canvas, picture.element);
    look();
    paint();
    drawCrumbs();
    refocusing = true; // the focus goes on to where its box went, and chooses nothing by that
    const [heir] = focused >= 0 ? successors(before.pass, focused, app.pass) : [];
    if (heir !== undefined) picture.focus(heir);
    refocusing = false;
    watched = app.focus;
  }

  /** Place the camera: where it was if the picture is the same, over the box that was opened or folded, or at a start. */
  function settle(before, seen) {
    const { content } = picture;
    if (before && JSON.stringify(before.content) === JSON.stringify(content)) return;
    camera = new Camera(content, pane());
    const anchor = before?.pass.index === app.pass.index && before.pass.total === app.pass.total ? before.rect(watched) : null;
    const [heir] = anchor ? successors(before.pass, watched, app.pass) : [];
    if (heir !== undefined && picture.rect(heir)) {
      camera.hold(seen, anchor, picture.rect(heir));
      if (!calm.matches) still = unfold(before, seen);
      return;
    }
    const start = picture.rect(Math.max(0, app.focus)) ?? picture.rect(0);
    if (start && content.width > 0) camera.readable(start, READABLE, OVERVIEW);
  }

  /** Let boxes glide from where they were on the screen, unless they are many. */
  function unfold(before, seen) {
    if (picture.glide) return picture.glide(before);
    if (Math.max(before.pass.boxes.length, app.pass.boxes.length) > MOST_GLIDING) return () => {};
    const sources = origins(before.pass, app.pass);
    const moved = (rect) => rect && { x: camera.x + (rect.x - seen.x), y: camera.y + (rect.y - seen.y), width: rect.width, height: rect.height };
    return glide(picture, sources.map((index) => moved(before.rect(index))), sources.map((index, at) => before.pass.boxes[index]?.key === app.pass.boxes[at].key));
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
    cancelAnimationFrame(move);
    camera.zoom(factor, x, y);
    look();
  }

  const boxAt = (event) => picture?.boxAt(event) ?? -1;
  listenToPointer(canvas, {
    pan(dx, dy) {
      if (!camera) return;
      cancelAnimationFrame(move);
      camera.pan(dx, dy);
      look();
    },
    zoom: zoomBy,
    press: (event) => app.select(app.pass?.boxes[boxAt(event)]?.key ?? null),
  });
  canvas.addEventListener("focusin", (event) => {
    const index = boxAt(event);
    if (refocusing || index < 0 || !event.target.matches(":focus-visible")) return;
    follow(index);
    app.select(app.pass.boxes[index].key);
  });
  let resting = null;
  let under = -1;
  canvas.addEventListener("pointermove", (event) => {
    const index = boxAt(event);
    if (index === under) return;
    under = index;
    clearTimeout(resting);
    canvas.classList.toggle("over", index >= 0);
    if (index < 0) return void picture?.tell(index, null);
    picture.tell(index, null);
    if (!app.pass.isSingle(index)) return undefined;
    const { pass } = app;
    resting = setTimeout(async () => {
      const detail = await app.detail(pass.boxes[index].node).catch(() => null); // a hint, not worth a complaint
      if (detail && !detail.absent && app.pass === pass) picture.tell(index, inFull(pass.boxes[index], detail, app.player.frame.box(index)));
    }, HOVER);
    return undefined;
  });
  canvas.addEventListener("dblclick", (event) => {
    const index = boxAt(event);
    if (index >= 0) app.runTo(index);
  });
  canvas.addEventListener("keydown", (event) => {
    const index = boxAt(event);
    if (index < 0) return;
    const direction = directionOf(event);
    if (event.key !== "Enter" && direction === null) return;
    event.preventDefault();
    if (direction === null) return void (event.shiftKey ? app.openWhole(index) : app.toggleBox(index));
    const next = neighbour(app.pass, index, direction, (one) => picture.rect(one));
    if (next >= 0) picture.focus(next);
  });
  new ResizeObserver(() => {
    if (!camera) return;
    camera.resize(pane());
    look();
  }).observe(canvas);
  onTheme(() => picture?.restyle());

  app.on("pass", insert);
  app.on("move", () => {
    still();
    paint();
    watched = app.focus;
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
    watched = app.focus;
    drawCrumbs();
    if (app.selected !== null) follow(app.focus);
  });
  for (const change of ["breakpoints", "check", "tour"]) {
    app.on(change, () => {
      check.setAttribute("aria-pressed", String(app.checking.on));
      if (picture === null) return;
      paint();
      picture.restyle();
    });
  }
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
