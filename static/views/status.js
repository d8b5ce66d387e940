/** What to say when there is no picture, or the server is gone: each state has a face and a way on. */
import { el, put } from "#gv/dom.js";
import { grouped } from "#gv/grouped.js";

const NOTICE_FOR = 7000;

export function status(element, app) {
  const cover = el("div", { class: "cover" });
  const banner = el("div", { class: "banner", role: "alert", hidden: true });
  const notices = el("div", { class: "notices", role: "status", "aria-live": "polite" });
  element.append(cover, banner, notices);
  let gone = null;

  const state = (name) => (document.body.dataset.state = name);

  function card(kind, heading, ...body) {
    put(cover, el("section", { class: `status-card ${kind}`, role: kind === "error" ? "alert" : "status" }, el("h2", {}, heading), body));
    state(kind);
  }

  const reload = () => el("button", { type: "button", class: "btn", click: () => location.reload() }, "Reload");

  const SAYS = {
    loading: () => card("loading", "Reading the recording", el("div", { class: "pulse", "aria-hidden": "true" }, [1, 2, 3, 4, 5].map(() => el("span")))),
    empty: () => card("empty", "Nothing is recorded yet",
      el("p", {}, "A pass is recorded when your script calls ", el("code", {}, "backward()"), " or hands a value to ", el("code", {}, "gradviz.record()"), "."),
      el("p", {}, "Then run it again: ", el("code", {}, "gradviz run your_script.py")), reload()),
    unauthorised: () => card("unauthorised", "This page has no key to the recording",
      el("p", {}, "Open the whole address that gradviz printed in the terminal. It ends in ", el("code", {}, "#token=…"), " and holds for one run of the server."),
      el("p", {}, "If the server was started anew, it printed a new one. ", el("code", {}, "gradviz show"), " prints it again."), reload()),
    error: (error) => card("error", error.message ?? String(error), error.hint ? el("p", {}, error.hint) : null, reload()),
  };

  /** With a picture on the page it stays; a strip above it says what is wrong. */
  function strip(kind, words, ...rest) {
    banner.className = `banner ${kind}`;
    put(banner, el("span", {}, words), rest);
    banner.hidden = false;
  }

  function disconnected({ delay } = {}) {
    if (!app.pass) return SAYS.error({ message: "The server does not answer.", hint: "Is gradviz still running in the terminal? This page tries again by itself." });
    const again = delay ? `Trying again in ${Math.round(delay / 1000)} s.` : "Trying again …";
    return strip("disconnected", `Disconnected, last step ${grouped(app.player.k)}. What is loaded can still be stepped through. ${again}`,
      el("button", { type: "button", class: "btn tiny", click: () => app.api.retry() }, "Retry now"));
  }

  function failed(error) {
    if (error.kind === "disconnected") {
      gone ??= {};
      return disconnected(gone);
    }
    if (error.kind === "unauthorised") {
      if (!app.pass) return SAYS.unauthorised();
      return strip("disconnected", "The server was started anew, with a new key. Open the address that it printed; the picture here stays.");
    }
    if (!app.pass) return SAYS.error(error);
    return notify({ message: error.message ?? String(error), hint: error.hint, bad: true });
  }

  function notify({ message, hint = "", bad = false }) {
    const note = el("div", { class: `notice ${bad ? "bad" : ""}` }, el("b", {}, message), hint ? ` ${hint}` : "", el("button", { type: "button", class: "link", "aria-label": "Dismiss", click: () => note.remove() }, "×"));
    notices.append(note);
    while (notices.children.length > 3) notices.firstChild.remove();
    setTimeout(() => note.remove(), NOTICE_FOR);
  }

  app.on("pass", () => {
    put(cover);
    state("ready");
  });
  app.on("empty", SAYS.empty);
  app.on("unauthorised", SAYS.unauthorised);
  app.on("failed", failed);
  app.on("notice", notify);
  app.on("disconnected", (detail) => {
    gone = detail;
    disconnected(detail);
  });
  app.on("retrying", () => gone !== null && disconnected({}));
  app.on("connected", () => {
    gone = null;
    banner.hidden = true;
    if (app.pass) notify({ message: "Connected again." });
    else SAYS.loading();
  });
  app.on("loading", () => document.body.classList.toggle("busy", app.loading));
  SAYS.loading();
}
