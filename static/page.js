/** What every page has: its views, its keys, and the ways past them. */
import { commandOf } from "#gv/keys.js";

/**
 * @param views for each element, by its id, the view that fills it
 * @param allows whether a command is one of this page's
 */
export function openPage(app, views, allows = () => true) {
  for (const [id, view] of Object.entries(views)) view(document.getElementById(id), app);
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const target = event.target;
    const command = commandOf({
      key: event.key,
      ctrlKey: event.ctrlKey,
      metaKey: event.metaKey,
      altKey: event.altKey,
      isComposing: event.isComposing,
      defaultPrevented: event.defaultPrevented,
      target: { tagName: target.tagName, type: target.type, role: target.getAttribute?.("role") },
    });
    if (command === null || !allows(command)) return;
    event.preventDefault();
    app.command(command);
  });
  for (const button of document.querySelectorAll("[data-skip]")) {
    button.addEventListener("click", () => document.getElementById(button.dataset.skip).focus());
  }
}
