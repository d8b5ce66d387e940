/** The bar of a walk through values: what they have in common, which one of how many, on and back. */
import { el, icon, put, write } from "#gv/dom.js";
import { grouped } from "#gv/grouped.js";

export function tour(element, app) {
  const title = el("code", {});
  const count = el("span", { class: "which" });
  const step = (command, label, key, face) => el("button", { type: "button", class: "btn icon flat", "aria-label": label, title: `${label} (${key})`, click: () => app.command(command) }, face);
  const reveal = el("button", { type: "button", class: "btn tiny", title: "Open the boxes around this value", click: open }, "open");
  const around = [step("previous", "Previous value", "N", "‹"), count, step("next", "Next value", "n", "›")];
  const end = el("button", { type: "button", class: "flat-x", "aria-label": "Let go of these values", title: "Let go of these values (Esc)", click: () => app.tour.end() }, icon("close"));
  const said = el("p", { class: "unseen", role: "status" });
  element.append(title, ...around, reveal, end, said);

  function open() {
    const { node } = app.tour;
    return app.attempt(async () => app.reveal(node, (await app.detail(node)).scope));
  }

  function draw() {
    const { active, box } = app.tour;
    element.hidden = active === null;
    if (active === null) return write(said, "");
    const { at, nodes, more } = active;
    const all = nodes.length + more;
    write(title, active.title);
    put(count, el("b", {}, grouped(at + 1)), ` of ${grouped(all)}`);
    count.title = more > 0 ? `${grouped(more)} more are not listed` : "";
    reveal.hidden = app.pass.isSingle(box);
    const value = app.pass.boxes[box]?.title ?? "";
    return write(said, `${active.title}: ${at + 1} of ${all}${value ? `, ${app.pass.isSingle(box) ? "" : "in "}${value}` : ""}`);
  }

  app.on("tour", draw);
}
