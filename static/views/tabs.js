/** The tabs between panes: on a wide page two below the source, on a narrow one all four. */
import { el } from "#gv/dom.js";

const PANES = [["inspector", "Inspector"], ["source", "Source"], ["order", "Order"], ["findings", "Findings"]];

export function tabs(element, app) {
  const narrow = matchMedia("(max-width: 820px)");
  const buttons = new Map(PANES.map(([name, label]) => [name, el("button", {
    type: "button", role: "tab", id: `tab-${name}`, class: `tab tab-${name}`, "aria-controls": name, click: () => show(name), keydown: press,
  }, label)]));
  element.append(...buttons.values());
  let wide = "order";
  let small = "inspector";

  const current = () => (narrow.matches ? small : wide);

  function show(name) {
    small = name;
    if (name === "order" || name === "findings") wide = name;
    draw();
  }

  function draw() {
    document.body.dataset.pane = current();
    for (const [name, button] of buttons) {
      const on = name === current();
      button.setAttribute("aria-selected", String(on));
      button.tabIndex = on ? 0 : -1;
    }
  }

  function press(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const names = PANES.map(([name]) => name).filter((name) => buttons.get(name).offsetParent !== null);
    const name = names[(names.indexOf(current()) + step + names.length) % names.length];
    show(name);
    buttons.get(name).focus();
  }

  narrow.addEventListener("change", draw);
  app.on("ask:pane", (name) => {
    show(name);
    buttons.get(name).focus();
  });
  app.on("ask:line", () => narrow.matches && show("source"));
  const count = () => {
    const number = app.findings.length + (app.pass?.failed ? 1 : 0);
    buttons.get("findings").textContent = number ? `Findings ${number}` : "Findings";
  };
  app.on("findings", count);
  app.on("pass", count);
  draw();
}
