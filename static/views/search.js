/** The search box over the graph: type, choose, land on the value. */
import { el, put } from "#gv/dom.js";
import { grouped } from "#gv/grouped.js";

const REST = 120;

export function search(element, app) {
  let waiting = null;
  let matches = [];
  let chosen = 0;
  let before = null;
  const list = el("ul", { class: "hits", role: "listbox", id: "hits", "aria-label": "Matches" });
  const note = el("p", { class: "hits-note", role: "status" });
  const field = el("input", {
    type: "search", class: "field", role: "combobox", placeholder: "name, op, scope or line", autocomplete: "off", spellcheck: "false",
    "aria-label": "Find a value", "aria-controls": "hits", "aria-expanded": "false", "aria-autocomplete": "list", maxlength: 200,
    input: () => {
      clearTimeout(waiting);
      waiting = setTimeout(ask, REST);
    },
    keydown: press,
  });
  element.append(field, list, note);

  function close() {
    clearTimeout(waiting);
    element.hidden = true;
    before?.focus?.({ preventScroll: true });
  }

  function ask() {
    const q = field.value.trim();
    if (q === "" || !app.pass) return show([], "");
    return app.attempt(async () => {
      const { matches: found, more = 0 } = await app.api.find(app.pass.index, q, app.what);
      show(found, found.length === 0 ? `Nothing is called “${q}”.` : more > 0 ? `and ${grouped(more)} more` : "");
    });
  }

  function show(found, words) {
    matches = found;
    chosen = 0;
    put(list, found.map((match, index) =>
      el("li", { role: "option", id: `hit-${index}`, class: "hit-row", click: () => take(index) },
        el("code", {}, match.name), el("span", { class: "soft" }, [match.op, match.scope, match.line ? `line ${match.line}` : ""].filter(Boolean).join(" · ")))));
    put(note, words);
    field.setAttribute("aria-expanded", String(found.length > 0));
    mark();
  }

  function mark() {
    [...list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === chosen)));
    if (list.children[chosen]) field.setAttribute("aria-activedescendant", `hit-${chosen}`);
    else field.removeAttribute("aria-activedescendant");
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    const match = matches[index];
    if (!match) return;
    close();
    app.attempt(() => app.reveal(match.node, match.scope));
  }

  function press(event) {
    if (event.key === "Escape") close();
    else if (event.key === "Enter") take(chosen);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      chosen = Math.min(Math.max(0, chosen + step), Math.max(0, matches.length - 1));
      mark();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  app.on("ask:search", () => {
    before = document.activeElement;
    element.hidden = false;
    field.focus();
    field.select();
  });
  app.on("pass", () => show([], ""));
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget !== null && !element.contains(event.relatedTarget)) element.hidden = true;
  });
}
