/** The export menu: the frame that is shown, as a file. */
import { el, icon, put } from "#gv/dom.js";

const FORMATS = [
  ["svg", "SVG", "drawing, stays sharp"],
  ["png", "PNG", "picture, twice the size"],
  ["dot", "DOT", "for Graphviz"],
  ["json", "JSON", "numbers, for networkx"],
];

export function exportmenu(element, app) {
  const menu = el("div", { class: "menu-list", role: "menu", id: "export-list", "aria-label": "Export this frame", hidden: true });
  const button = el("button", { type: "button", class: "btn", "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": "export-list", "aria-label": "Export", title: "This frame as a file", click: () => toggle(menu.hidden) }, icon("export"), el("span", { class: "wide" }, "Export"), el("span", { "aria-hidden": "true" }, "▾"));
  put(menu, FORMATS.map(([format, name, text]) => el("button", { type: "button", role: "menuitem", tabindex: -1, click: () => save(format) }, el("b", {}, name), el("span", { class: "soft" }, text))));
  element.append(button, menu);

  function toggle(open) {
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) menu.firstChild.focus();
  }

  /** An SVG follows its reader's theme unless one is chosen here; a PNG looks like the page. */
  function themeOf(format) {
    if (format !== "svg" && format !== "png") return null;
    const shown = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    return document.documentElement.dataset.theme ?? (format === "svg" ? "auto" : shown);
  }

  function save(format) {
    toggle(false);
    button.focus();
    if (!app.pass) return undefined;
    return app.attempt(async () => {
      app.player.pause();
      const { pass, step, what } = app.state;
      button.setAttribute("aria-busy", "true");
      try {
        const blob = await app.api.exported(pass, format, { step, ...app.lens, theme: themeOf(format), scale: format === "png" ? 2 : null });
        const name = `${(app.recording.title ?? "graph").replace(/\.py$/, "").replace(/[^\w.-]+/g, "_")}-pass${pass}-step${step}${what.length ? "-what-if" : ""}.${format}`;
        const address = URL.createObjectURL(blob);
        const link = el("a", { download: name, hidden: true });
        link.href = address;
        document.body.append(link);
        link.click();
        link.remove();
        setTimeout(() => URL.revokeObjectURL(address), 10000);
      } finally {
        button.removeAttribute("aria-busy");
      }
    });
  }

  menu.addEventListener("keydown", (event) => {
    const items = [...menu.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      toggle(false);
      button.focus();
    } else if (step) items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    else return;
    event.preventDefault();
  });
  element.addEventListener("focusout", (event) => {
    if (!element.contains(event.relatedTarget)) toggle(false);
  });
}
