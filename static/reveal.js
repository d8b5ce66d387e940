/** Opening whatever a value is folded into. No DOM. */
import { chain } from "#gv/scopes.js";

const DEEPEST = 8;

/** Open box after box until the value is drawn, and pin it. */
export async function reveal(app, node, scope) {
  const open = () => app.open ?? app.pass.view.open;
  if (app.pass.boxOfNode(node) < 0 && scope) await app.reopen([...open(), ...chain(scope)]);
  // A crowded scope folds its values once more; the step that computes the value knows where it is by now.
  for (let depth = 0; depth < DEEPEST && app.pass.boxOfNode(node) < 0; depth += 1) {
    const { steps } = await app.detail(node);
    const step = await app.player.load(steps.compute ?? -1);
    if (!app.pass.boxes[step?.box]?.expandable) break;
    await app.reopen([...open(), ...chain(app.pass.scopeOf(step.box))]);
  }
  const index = app.pass.boxOfNode(node);
  if (index < 0) app.notice("This value lies in a box that does not open.");
  else app.select(app.pass.boxes[index].key);
}

/** To the value that a finding tells of, at the moment when its gradient is there. */
export async function goTo(app, finding) {
  app.emit("leave");
  if (finding.pass !== null && finding.pass !== app.pass.index) await app.showPass(finding.pass);
  if (finding.node === null || finding.node === undefined) return;
  const detail = await app.detail(finding.node);
  await app.reveal(finding.node, detail.scope);
  const step = detail.steps?.grad?.at(-1) ?? detail.steps?.compute;
  if (Number.isInteger(step)) await app.player.seek(step + 1);
}
