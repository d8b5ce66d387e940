/** Keeps the cursor and the page around this one in step, such as a notebook's widget. No DOM. */

/**
 * To anyone the page says no more than { gradviz: "ready" }. A host that then speaks, { gradviz: "seek", serial,
 * step, node }, moves it, where a step or node that is not there stays as it is. It is answered, now and after
 * every move, with { gradviz: "cursor", serial, step, total, node }; `serial` is that of the last question.
 *
 * @param scope the window
 */
export function followHost(app, { addEventListener, parent }) {
  let host = null;
  let wanted = null;
  let serial = 0;

  function tell() {
    if (host === null || !app.pass) return;
    const message = { gradviz: "cursor", serial, step: app.player.k, total: app.pass.total, node: app.selected };
    parent.postMessage(message, host === "null" ? "*" : host); // the origin of a file or a sandbox has no name
  }

  function seek() {
    if (!app.pass || wanted === null) return;
    const { step, node } = wanted;
    wanted = null;
    app.attempt(async () => {
      if (node !== undefined) app.choose(node);
      if (step !== undefined && step !== app.player.aim) await app.player.seek(step);
      tell();
    });
  }

  addEventListener("message", ({ source, origin, data }) => {
    if (source !== parent || data?.gradviz !== "seek" || (host !== null && host !== origin)) return;
    host = origin;
    serial = Number(data.serial) || 0;
    const asked = {};
    if (Number.isInteger(data.step)) asked.step = data.step;
    if (data.node === null || typeof data.node === "string") asked.node = data.node;
    wanted = { ...wanted, ...asked };
    seek();
  });
  app.on("pass", seek);
  for (const type of ["move", "select"]) app.on(type, tell);
  parent.postMessage({ gradviz: "ready" }, "*");
}
