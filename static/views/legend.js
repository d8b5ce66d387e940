/** The legend: what colour and width say, with numbers. Its look comes from the drawing's own style. */
import { el, put, svg } from "#gv/dom.js";

const LEVELS = 16;
const STEP = 12;

const sample = (state) => svg("svg", { class: "gv sample", viewBox: "0 0 26 8", width: 26, height: 8, "aria-hidden": "true" }, svg("g", { class: `gv-edge ${state}` }, svg("path", { d: "M1,4 H25" })));

export function legend(element, app) {
  function ramp() {
    const edges = Array.from({ length: LEVELS }, (_, level) =>
      svg("g", { class: `gv-edge on w${level}` }, svg("path", { class: "ramp", d: `M${level * STEP},4 h${STEP + 0.6}` })));
    return svg("svg", { class: "gv ramp", viewBox: `0 0 ${LEVELS * STEP} 8`, preserveAspectRatio: "none", "aria-hidden": "true" }, edges);
  }

  function draw() {
    const { scale } = app.pass;
    const entry = (state, text) => el("span", {}, sample(state), text);
    const none = scale === null || scale.high === null || scale.high === undefined;
    put(element,
      el("p", { class: "legend-title" }, "|∂L| carried by an edge, log scale"),
      none ? el("p", { class: "soft" }, "no gradient in this pass") : [ramp(), el("div", { class: "ticks" }, [scale.low_text, scale.mid_text, scale.high_text].map((text) => el("span", {}, text)))],
      el("div", { class: "states" }, entry("on zero", "zero"), entry("on bad", "NaN / Inf"), entry("pending", "not yet")));
    element.hidden = false;
  }
  app.on("pass", draw);
}
