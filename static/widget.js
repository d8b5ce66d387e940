/** A notebook's widget: the page that steps, in a frame walled off, its cursor kept equal to the model's. */

const QUIET = 50; // milliseconds between two reports to Python while the page plays

/** @param context what anywidget gives: the model with its traits, and the element to fill */
export function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.title = model.get("alt");
  frame.srcdoc = model.get("_page");
  Object.assign(frame.style, { width: "100%", height: `${model.get("_height")}px`, border: "0" });
  let serial = 0;
  let hearing = false;
  let waiting = null;

  function ask() {
    if (hearing) return;
    serial += 1;
    const node = model.get("node");
    const cursor = { step: model.get("step") - model.get("_first"), node: node === null ? null : `n${node}` };
    frame.contentWindow?.postMessage({ gradviz: "seek", serial, ...cursor }, "*"); // a sandbox has no origin to name
  }

  function hear({ source, origin, data }) {
    if (source !== frame.contentWindow || origin !== "null") return;
    if (data?.gradviz === "ready") ask();
    if (data?.gradviz !== "cursor" || data.serial !== serial || !Number.isInteger(data.step)) return;
    const node = /^n(\d+)$/.exec(data.node ?? "");
    hearing = true;
    model.set("step", data.step + model.get("_first"));
    model.set("node", node === null ? null : Number(node[1]));
    hearing = false;
    waiting ??= setTimeout(() => {
      waiting = null;
      model.save_changes();
    }, QUIET);
  }

  window.addEventListener("message", hear);
  for (const trait of ["step", "node"]) model.on(`change:${trait}`, ask);
  el.replaceChildren(frame);
  return () => {
    clearTimeout(waiting);
    window.removeEventListener("message", hear);
    for (const trait of ["step", "node"]) model.off(`change:${trait}`, ask);
  };
}
