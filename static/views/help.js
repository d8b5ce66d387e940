/** The help: the keys, and how to read the picture. */
import { el, icon } from "#gv/dom.js";
import { KEYS } from "#gv/keys.js";

export function help(element, app) {
  const close = () => element.close();
  element.append(
    el("div", { class: "help-head" }, el("h2", {}, "Keys"), el("button", { type: "button", class: "btn icon", "aria-label": "Close", click: close }, icon("close"))),
    el("dl", { class: "keys" }, KEYS.map(({ shown, text }) => el("div", {}, el("dt", {}, el("kbd", {}, shown)), el("dd", {}, text)))),
    el("h2", {}, "Mouse and touch"),
    el("p", {}, "Drag to move, wheel or pinch to zoom. A click pins the inspector to a box, a double click runs to it. A click on a line number sets a breakpoint, a click on an expression of the source chooses the values it made."),
    el("h2", {}, "Reading the picture"),
    el("p", {}, "A box is a value. An edge carries a gradient backwards: the more, the wider and the stronger its colour. Dashed grey is exactly zero; thin and pale is not computed yet, which is not the same."),
    el("p", {}, "When gradients are checked, a tick marks those that are right, a cross those that are wrong with the number they should be, a dash those that nobody computed."),
  );
  element.addEventListener("click", (event) => {
    if (event.target === element) close();
  });
  element.addEventListener("keydown", (event) => {
    if (event.key === "?") close();
  });
  const show = () => !element.open && element.showModal();
  app.on("ask:help", show);
  document.getElementById("help-button").addEventListener("click", show);
}
