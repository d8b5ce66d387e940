/** The sentence above the track: what the last step did, in words. */
import { el, put } from "#gv/dom.js";
import { grouped } from "#gv/grouped.js";

const SPOKEN_WHILE_PLAYING = 2500;

export function sentence(element, app) {
  const live = document.getElementById("live");
  let spoken = 0;
  let names = new Set();

  /** Names and numbers in the typeface of code. */
  function words(text) {
    const parts = text.split(/(`[^`]+`|\s+)/);
    return parts.map((part) => {
      if (/^`.+`$/.test(part)) return el("code", {}, part.slice(1, -1));
      const [, core = part, tail = ""] = /^(.*?)([.,;:]?)$/.exec(part) ?? [];
      const isCode = names.has(core) || /^[-−+±]?(\d[\d.,]*(e[-+−]?\d+)?|nan|inf)$/i.test(core) || /^∂|^n\d+$|[[*_]/.test(core);
      return isCode ? [el("code", {}, core), tail] : part;
    });
  }

  function text() {
    const { step, next, k, total } = app.player;
    if (step) return step.sentence ?? "";
    const begin = next?.phase === "forward" ? "Nothing is computed yet" : `Before the first step of ${next?.phase}`;
    if (k === 0 && next) return `${begin}. Press → for the first of ${grouped(total)} steps, space to play.`;
    return "This pass has no steps.";
  }

  function show() {
    if (!app.pass) return;
    const { step, playing } = app.player;
    const said = text();
    put(element, step ? [el("b", { class: `phase ${step.phase}` }, step.phase), el("span", { class: "dot" }, " · ")] : null, words(said));
    element.title = said;
    const now = performance.now();
    if (playing && now - spoken < SPOKEN_WHILE_PLAYING) return;
    spoken = now;
    put(live, step ? `${step.phase}: ${said}` : said);
  }

  app.on("pass", () => {
    names = new Set(app.pass.boxes.flatMap((box) => [box.title, box.key]));
    show();
  });
  app.on("move", show);
  app.on("playing", show);
}
