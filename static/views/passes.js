/** The pass selector: which pass of how many, its loss, and the losses as a line to pick from. */
import { short } from "#gv/curve.js";
import { toNumber } from "#gv/document.js";
import { el, put, svg, write } from "#gv/dom.js";
import { grouped } from "#gv/grouped.js";

const WIDTH = 150;
const HEIGHT = 26;
const MOST_POINTS = 300;

export function passes(element, app) {
  const title = el("code", { class: "script" });
  const which = el("span", { class: "which" });
  const loss = el("code");
  const lossLine = el("span", { class: "loss" }, "loss ", loss);
  const step = (command, label, key, face) => el("button", { type: "button", class: "btn icon flat", "aria-label": label, title: `${label} (${key})`, click: () => app.command(command) }, face);
  const before = step("previousPass", "Previous pass", "[", "‹");
  const after = step("nextPass", "Next pass", "]", "›");
  const spark = el("span", { class: "spark" });
  element.append(title, before, which, after, lossLine, spark);
  let toPoint = null;
  let dot = null;

  function drawSpark() {
    const { passes: list } = app.recording;
    spark.hidden = list.length < 2;
    if (spark.hidden) return;
    const every = Math.max(1, Math.ceil(list.length / MOST_POINTS));
    const points = [];
    for (let i = 0; i < list.length; i += every) points.push([i, toNumber(list.at(i).loss)]);
    const sound = points.map(([, value]) => value).filter(Number.isFinite);
    const [low, high] = [Math.min(...sound), Math.max(...sound)];
    toPoint = (index, value) => [4 + (index / Math.max(1, list.length - 1)) * (WIDTH - 8), 4 + ((high - value) / (high - low || 1)) * (HEIGHT - 8)];
    let pen = "M";
    let line = "";
    for (const [index, value] of points) {
      if (Number.isFinite(value)) line += `${pen}${toPoint(index, value).map((n) => n.toFixed(1)).join(",")}`;
      pen = Number.isFinite(value) ? "L" : "M";
    }
    dot = svg("circle", { class: "here", r: 3.4 });
    const range = el("input", {
      type: "range", min: 0, max: list.length - 1, step: 1, value: app.pass?.index ?? 0, "aria-label": "Pass", title: "Loss of each pass: choose one",
      input: (event) => preview(Number(event.target.value)),
      change: (event) => app.showPass(Number(event.target.value)),
    });
    put(spark, svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" }, svg("path", { class: "line", d: line }), dot), range);
  }

  /** While one drags, only words and the dot move; the pass itself comes on release. */
  function preview(index) {
    const info = app.recording.passes.at(index);
    const { length } = app.recording.passes;
    put(which, el("span", { class: "wide" }, "pass "), el("b", { class: length > 1 ? null : "wide" }, grouped(index)), length > 1 && [el("span", { class: "wide" }, ` of ${grouped(length)}`), el("span", { class: "narrow-only" }, `/${grouped(length)}`)]);
    lossLine.hidden = info.loss === null || info.loss === undefined;
    write(loss, typeof info.loss === "number" ? String(Number(info.loss.toPrecision(4))) : String(info.loss).toLowerCase());
    loss.title = String(info.loss);
    const value = toNumber(info.loss);
    if (dot && toPoint && Number.isFinite(value)) {
      const [x, y] = toPoint(index, value);
      dot.setAttribute("cx", x.toFixed(1));
      dot.setAttribute("cy", y.toFixed(1));
    }
    spark.querySelector("input")?.setAttribute("aria-valuetext", `pass ${index} of ${length}, loss ${loss.textContent}`);
  }

  function show() {
    const { index } = app.pass;
    const last = app.recording.passes.length - 1;
    preview(index);
    lossLine.classList.toggle("edited", app.pass.what.length > 0);
    if (app.pass.what.length > 0) write(loss, short(app.pass.loss));
    const range = spark.querySelector("input");
    if (range) range.value = String(index);
    before.setAttribute("aria-disabled", String(index === 0));
    after.setAttribute("aria-disabled", String(index === last));
    before.hidden = after.hidden = last === 0;
  }

  app.on("recording", () => {
    const { title: name, script } = app.recording;
    write(title, name ?? script ?? "");
    title.title = [script, ...(app.recording.argv ?? [])].filter(Boolean).join(" ");
    document.title = `${name ?? "recording"} · gradviz`;
    drawSpark();
  });
  app.on("pass", show);
  app.on("failed", () => app.pass && show());
  app.on("loading", () => element.setAttribute("aria-busy", String(app.loading)));
}
