/** A page that is one file: what it carries, and where it begins. */
import { App } from "#gv/app.js";
import { createOffline } from "#gv/offline.js";
import { parseHash } from "#gv/url.js";

/** The app over what the file carries, and the state to begin with: the address's, else the one that was chosen. */
export function openCarried(hash = "") {
  const carried = JSON.parse(globalThis.gradvizCarried);
  const api = createOffline(carried);
  const asked = parseHash(hash);
  const pass = asked.pass !== null && api.carries(asked.pass, null) ? asked.pass : carried.start.pass;
  const known = api.carries(pass, asked.open);
  const state = { ...asked, pass, step: asked.step ?? (pass === carried.start.pass ? carried.start.step : 0), open: known ? asked.open : null, most: null, what: [] };
  return { app: new App({ api }), state };
}
