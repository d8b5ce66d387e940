/** The drawing's colours and fonts for a canvas, as the style sheets say them at this moment. */
import { ABSENT, BAD, FIRST, PLAIN, TONES, ZERO } from "#gv/detail.js";

const NAMES = ["paper", "card", "leaf", "shade", "line", "ink", "soft", "faint", "ghost", "op", "now", "wash", "order", "update", "pending", "zero", "bad", "none"];
const LEVELS = 16;

/** @param element one with the class "gv", in the page */
export function readLooks(element) {
  const style = getComputedStyle(element);
  const value = (name) => style.getPropertyValue(name).trim();
  const looks = Object.fromEntries(NAMES.map((name) => [name, value(`--gv-${name}`)]));
  Object.assign(looks, { focus: value("--focus"), stop: value("--stop"), mono: value("--mono"), sans: value("--sans") });
  looks.badges = Object.fromEntries(["right", "wrong", "missing", "failed"].map((kind) => [kind, value(`--${kind}`)]));
  looks.levels = Array.from({ length: LEVELS }, (_, level) => value(`--gv-w${level}`));
  looks.tones = new Array(TONES);
  Object.assign(looks.tones, { [ABSENT]: looks.none, [PLAIN]: looks.ghost, [ZERO]: looks.zero, [BAD]: looks.bad });
  looks.levels.forEach((colour, level) => (looks.tones[FIRST + level] = colour));
  looks.pixels = Uint32Array.from(looks.tones, pixel);
  return looks;
}

/** "#rrggbb" as the four bytes of a pixel. */
export function pixel(colour) {
  const [, red, green, blue] = /^#(..)(..)(..)$/.exec(colour) ?? [0, "80", "80", "80"];
  return parseInt(`ff${blue}${green}${red}`, 16) >>> 0;
}

/** Call `change` when the theme does: by the page's switch or by the system's. */
export function onTheme(change) {
  new MutationObserver(change).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change);
}
