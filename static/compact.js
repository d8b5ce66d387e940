/** Puts the small page together that is embedded in another: the graph, the transport and the sentence. */
import { openCarried } from "#gv/carried.js";
import { followHost } from "#gv/host.js";
import { openPage } from "#gv/page.js";
import { graph } from "#gv/views/graph.js";
import { sentence } from "#gv/views/sentence.js";
import { status } from "#gv/views/status.js";
import { transport } from "#gv/views/transport.js";

const VIEWS = { status, graph, transport, sentence };
const KEPT = [".stage", ".transport", ".status", "#live", "script"].join();
const LEAST = 0.5; // the scale below which letters are too small, and it is better to see a part
const COMMANDS = new Set(["forward", "back", "toggle", "over", "out", "first", "last", "fit", "zoomIn", "zoomOut", "follow"]);

for (const part of [...document.body.children]) if (!part.matches(KEPT)) part.remove();
for (const part of document.querySelectorAll(".stage > :not(#graph)")) part.remove();

/** All of it at once, where it can be told what it is. */
function showWhole() {
  const { width, height } = app.pass.view;
  const { clientWidth, clientHeight } = document.getElementById("graph");
  if (Math.min(clientWidth / width, clientHeight / height) > LEAST) app.command("fit");
}

const { app, state } = openCarried();
followHost(app, window);
app.start(state);
openPage(app, VIEWS, (command) => COMMANDS.has(command));
app.on("pass", showWhole);

const stage = document.getElementById("graph");
let moved = false; // by the reader, who wants the picture to stay there
for (const type of ["pointerdown", "wheel"]) {
  stage.addEventListener(type, () => { moved = true; }, { once: true, passive: true });
}
new ResizeObserver(() => { // a host may give the frame its size late
  if (app.pass && !moved) showWhole();
}).observe(stage);
