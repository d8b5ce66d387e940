// What the tests look at, evaluated in the page: ({...}).name(argument)
({
  /** After the next frame, and what has been left for after it. */
  rest() {
    return new Promise((done) => requestAnimationFrame(() => setTimeout(() => setTimeout(done))));
  },

  /** The whole picture as data. */
  state() {
    const all = (selector, tell) => [...document.querySelectorAll(selector)].map(tell);
    const text = (element, part) => element.querySelector(`.${part}`)?.textContent ?? null;
    return {
      boxes: all("[data-box]", (box) => ({
        key: box.dataset.key,
        state: box.getAttribute("class"),
        data: text(box, "gv-data"),
        grad: text(box, "gv-grad"),
        order: text(box, "gv-order"),
        zero: text(box, "gv-zero"),
      })),
      edges: all("[data-edge]", (edge) => ({ state: edge.getAttribute("class"), carried: text(edge, "gv-carried") })),
      sentence: document.querySelector("#sentence").textContent,
      steps: document.querySelector(".steps").textContent,
      line: document.querySelector(".line.hit")?.dataset.line ?? null,
    };
  },

  /** Where everything is; the sentence may have any width. */
  places() {
    const parts = document.querySelectorAll("header > *, .stage, footer > *, #inspector, .gv-card");
    return [...parts].map((part) => {
      const { x, y, width, height } = part.getBoundingClientRect();
      return [part.id, x, y, part.id === "sentence" ? 0 : width, height].join(" ");
    });
  },

  /** The focused element, and whether one can see that it is. */
  focus() {
    const one = document.activeElement;
    const card = one.querySelector(".gv-card");
    const shown = getComputedStyle(one.closest(".spark") ?? one).outlineStyle !== "none";
    const name = one.id || one.dataset.key || one.dataset.command || one.className || one.tagName;
    return { name, seen: one === document.body || (card ? getComputedStyle(card).strokeWidth === "3px" : shown) };
  },

  /** Controls that a screen reader has no name for. */
  nameless() {
    const kinds = "button, [role=button], [role=slider], input, select, [role=tab], [role=menuitem], img, dialog, aside, main";
    const name = (one) => (one.getAttribute("aria-label") ?? one.textContent).trim();
    return [...document.querySelectorAll(kinds)].filter((one) => name(one) === "").map((one) => one.outerHTML.slice(0, 120));
  },

  /** References to elements that do not exist, and ids that exist twice. */
  brokenIds() {
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    const needed = [...document.querySelectorAll("[aria-controls], [aria-labelledby]")].flatMap((one) =>
      `${one.getAttribute("aria-controls") ?? ""} ${one.getAttribute("aria-labelledby") ?? ""}`.trim().split(/\s+/));
    return [...needed.filter((id) => !ids.includes(id)), ...ids.filter((id, index) => ids.indexOf(id) !== index)];
  },

  /** How far a page reaches beyond its window, in px. */
  overflow() {
    const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
    return [scrollWidth - clientWidth, scrollHeight - clientHeight];
  },

  /** How large the drawing is shown: 1 is life-size. */
  scale() {
    const drawing = document.querySelector(".drawing svg");
    return drawing.clientWidth / drawing.viewBox.baseVal.width;
  },

  /** How many boxes, or of those at the step, are cut off by the stage. */
  outside(now = false) {
    const stage = document.querySelector(".stage").getBoundingClientRect();
    const cut = ({ left, right, top, bottom }) => left < stage.left || right > stage.right || top < stage.top || bottom > stage.bottom;
    return [...document.querySelectorAll(now ? ".now > .gv-card" : ".gv-card")].filter((card) => cut(card.getBoundingClientRect())).length;
  },

  colours() {
    const card = document.querySelector(".gv-card");
    return { paper: getComputedStyle(document.body).backgroundColor, card: card && getComputedStyle(card).fill };
  },
});
