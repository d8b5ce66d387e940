/** Puts the page together that is one file: the debugger, as far as it needs no server. */
import { followAddress } from "#gv/address.js";
import { openCarried } from "#gv/carried.js";
import { followHost } from "#gv/host.js";
import { openPage } from "#gv/page.js";
import { printLight } from "#gv/printing.js";
import { check } from "#gv/views/check.js";
import { findings } from "#gv/views/findings.js";
import { graph } from "#gv/views/graph.js";
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

const VIEWS = { status, passes, source, tabs, order, findings, graph, search, legend, inspector, transport, sentence, theme, help, check, tour };
const NEEDS_A_SERVER = ["export", "held", "whatif"];

for (const id of NEEDS_A_SERVER) document.getElementById(id).remove();
const { app, state } = openCarried(location.hash);
followHost(app, window);
printLight(document.documentElement, window);
app.start(state);
openPage(app, VIEWS, (command) => command !== "whole");
followAddress(app, window);
