/** Puts the small page together that is embedded in another: the graph, the transport and the sentence. */
import { openCarried } from "#gv/carried.js";
import { followHost } from "#gv/host.js";
import { openPage } from "#gv/page.js";
import { printLight } from "#gv/printing.js";
import { legible, squeezed } from "#gv/squeeze.js";
import { graph } from "#gv/views/graph.js";
import { sentence } from "#gv/views/sentence.js";
import { status } from "#gv/views/status.js";
import { transport } from "#gv/views/transport.js";

const VIEWS = { status, graph, transport, sentence };
const KEPT = [".stage", ".transport", ".status", "#live", "script"].join();
const COMMANDS = new Set(["forward", "back", "toggle", "over", "out", "first", "last", "fit", "zoomIn", "zoomOut", "follow"]);

for (const part of [...document.body.children]) if (!part.matches(KEPT)) part.remove();
for (const part of document.querySelectorAll(".stage > :not(#graph)")) part.remove();

const stage = document.getElementById("graph");
const pane = () => ({ width: stage.clientWidth, height: stage.clientHeight });

/** All of it at once, where it can be read; else it is better to see a part. */
function showWhole() {
  if (legible(app.pass.view, pane())) app.command("fit");
}

const { app, state } = openCarried();
const { pass: load } = app.api;
let fitted = pane(); // what the picture was drawn for
app.api.pass = async (...asked) => {
  const pass = await load(...asked);
  fitted = pane();
  return { ...pass, view: squeezed(pass.view, fitted) };
};
followHost(app, window);
printLight(document.documentElement, window);
app.start(state);
openPage(app, VIEWS, (command) => COMMANDS.has(command));
app.on("pass", showWhole);

let moved = false; // by the reader, who wants the picture to stay there
for (const type of ["pointerdown", "wheel"]) {
  stage.addEventListener(type, () => { moved = true; }, { once: true, passive: true });
}
new ResizeObserver(() => { // a host may give the frame its size late
  if (!app.pass || moved) return;
  if (stage.clientWidth === fitted.width && stage.clientHeight === fitted.height) showWhole();
  else app.reopen(app.open ?? app.pass.view.open);
}).observe(stage);
