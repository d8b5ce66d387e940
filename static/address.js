/** Keeps the address and the page in step with each other: reload, Back and a shared link. */
import { formatHash, parseHash } from "#gv/url.js";

const QUIET = 250; // browsers refuse more than about 100 history calls in 30 s

/** Read the address; a token in it moves to this tab's memory and out of the address. */
export function readAddress({ location, history, sessionStorage }) {
  const state = parseHash(location.hash);
  if (state.token !== null) {
    sessionStorage.setItem("gradviz-token", state.token);
    const rest = new URLSearchParams(location.hash.replace(/^#/, ""));
    rest.delete("token");
    const hash = rest.toString();
    history.replaceState(null, "", hash === "" ? location.pathname : `#${hash}`);
  }
  return { ...state, token: state.token ?? sessionStorage.getItem("gradviz-token") ?? "" };
}

/** Steps replace the address; what one would want to go back from adds to the history. */
export function followAddress(app, { location, history, addEventListener }) {
  let waiting = null;
  let restoring = false;

  /** A frame without an address of its own, such as a sandboxed one, keeps its state to itself. */
  function enter(method, hash) {
    try {
      history[method](null, "", hash);
    } catch (error) {
      if (error.name !== "SecurityError") throw error;
    }
  }

  function write(method) {
    clearTimeout(waiting);
    waiting = null;
    if (!app.pass || restoring) return;
    const hash = formatHash(app.state);
    if (hash !== location.hash) enter(method, hash);
  }
  const replace = () => {
    waiting ??= setTimeout(() => write("replaceState"), QUIET);
  };
  app.on("move", replace);
  app.on("select", () => write("replaceState"));
  app.on("check", () => write("replaceState"));
  app.on("pass", () => write("replaceState"));
  // Before a jump: keep the picture it leaves as an entry of its own.
  app.on("leave", () => {
    if (!app.pass || restoring) return;
    write("replaceState");
    enter("pushState", location.hash);
  });
  addEventListener("pagehide", () => write("replaceState"));
  addEventListener("popstate", async () => {
    const state = parseHash(location.hash);
    if (state.token !== null) return location.reload();
    if (!app.recording) return;
    restoring = true;
    clearTimeout(waiting);
    waiting = null;
    await app.attempt(() => app.restore(state));
    restoring = false;
    write("replaceState");
  });
}
