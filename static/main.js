/** Puts the page together. */
import { followAddress, readAddress } from "#gv/address.js";
import { createApi } from "#gv/api.js";
import { App } from "#gv/app.js";
import { Canvas } from "#gv/canvas.js";
import { openPage } from "#gv/page.js";
import { check } from "#gv/views/check.js";
import { exportmenu } from "#gv/views/exportmenu.js";
import { findings } from "#gv/views/findings.js";
import { graph } from "#gv/views/graph.js";
import { held } from "#gv/views/held.js";
import { help } from "#gv/views/help.js";
import { inspector } from "#gv/views/inspector.js";
import { legend } from "#gv/views/legend.js";
import { order } from "#gv/views/order.js";
import { passes } from "#gv/views/passes.js";
import { search } from "#gv/views/search.js";
import { sentence } from "#gv/views/sentence.js";
import { source } from "#gv/views/source.js";
import { status } from "#gv/views/status.js";
import { tabs } from "#gv/views/tabs.js";
import { theme } from "#gv/views/theme.js";
import { tour } from "#gv/views/tour.js";
import { transport } from "#gv/views/transport.js";
import { whatif } from "#gv/views/whatif.js";

const VIEWS = { status, passes, source, tabs, order, findings, graph: (element, app) => graph(element, app, Canvas), search, legend, inspector, transport, sentence, export: exportmenu, theme, help, held, whatif, check, tour };
const BREAKPOINTS = "gradviz-breakpoints";

function keptBreakpoints() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(BREAKPOINTS) ?? "[]");
    return Array.isArray(kept) ? kept.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

function main() {
  const state = readAddress(window);
  const app = new App({ api: createApi({ token: state.token }), breakpoints: keptBreakpoints() });
  if (state.token !== "") app.start(state); // its answers come while the views are built
  openPage(app, VIEWS);
  app.on("breakpoints", () => sessionStorage.setItem(BREAKPOINTS, JSON.stringify([...app.breakpoints.names])));
  followAddress(app, { location, history, addEventListener });

  if (state.token === "") app.emit("unauthorised");
}

main();
