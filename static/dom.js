/** The one way to make elements: text goes in as text, never as markup. */
import { legible } from "#gv/legible.js";

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "g", "path", "polygon", "polyline", "rect", "line", "circle", "ellipse", "text", "tspan", "title", "desc", "defs", "clipPath"]);
const REFUSED = /^(on.*|style|href|xlink:href|src)$/i;

// Only parseSvg uses it, and what it yields passes the list above before it is shown.
const policy = globalThis.trustedTypes?.createPolicy("gradviz", { createHTML: (text) => text });

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (REFUSED.test(name)) throw new Error(`attribute ${name} is not for this builder`);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : legible(String(child)));
  }
}

/** An HTML element: `el("button", { class: "btn", click: run }, "Fit")`. */
export const el = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);

/** The same for SVG. */
export const svg = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

/** Put these children, and no others, into an element. */
export function put(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Write text only where it differs, so that an unchanged page is left alone. */
export function write(element, text) {
  const shown = legible(String(text ?? ""));
  if (element && element.textContent !== shown) element.textContent = shown;
}

/** A drawing from the server as elements: known tags and plain attributes only. */
export function parseSvg(text) {
  const markup = policy ? policy.createHTML(text) : text;
  const root = new DOMParser().parseFromString(markup, "image/svg+xml").documentElement;
  if (root.namespaceURI !== SVG || root.localName !== "svg") throw new Error("The drawing is not sound SVG.");
  for (const element of [root, ...root.querySelectorAll("*")]) {
    if (element.namespaceURI !== SVG || !DRAWN.has(element.localName)) {
      element.remove();
      continue;
    }
    for (const { name } of [...element.attributes]) if (REFUSED.test(name)) element.removeAttribute(name);
  }
  return document.importNode(root, true);
}

const ICONS = {
  first: "M4 3v10M13 3 7 8l6 5z",
  back: "M11 3 5 8l6 5z",
  play: "M4.5 2.8 13 8l-8.5 5.2z",
  pause: "M5.2 3v10M10.8 3v10",
  forward: "M5 3l6 5-6 5z",
  last: "M12 3v10M3 3l6 5-6 5z",
  over: "M2.5 9a5.5 5.5 0 0 1 10.5-1.5M13.2 3.8v4h-4M8 12.2v.1",
  out: "M8 10V3.2M4.8 6.2 8 3l3.2 3.2M8 13v.1",
  resume: "M3 3l5 5-5 5zM9 3.5v9M13 3.5v9",
  search: "M10.5 10.5 14 14M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0z",
  theme: "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12zM8 3.5a4.5 4.5 0 0 1 0 9z",
  export: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.3h10",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5l3.4 3.4L13 4.6",
};

/** A line icon of 16 by 16, hidden from screen readers: its button has the name. */
export const icon = (name) =>
  svg("svg", { class: `icon-${name}`, viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
