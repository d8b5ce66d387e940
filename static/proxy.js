/** One element for the focused box of a canvas, so that keyboard and screen reader have something to hold. */
import { el } from "#gv/dom.js";

export class Proxy {
  /** @param host where it stands; @param describe box index => what to say of it */
  constructor(host, describe) {
    Object.assign(this, { host, describe });
    this.index = -1;
    this.element = null;
  }

  /** Stand for a box. Each has an element of its own: a new focus is read out, a new name is not. */
  stand(index, focus = false) {
    const had = focus || this.element === document.activeElement;
    if (index !== this.index || !this.element) {
      const { element } = this;
      this.index = index;
      this.element = el("div", { class: "proxy", role: "button", tabindex: 0, "data-box": index });
      this.host.append(this.element);
      this.say();
      if (had) this.element.focus({ preventScroll: true });
      element?.remove();
    } else if (had) this.element.focus({ preventScroll: true });
  }

  say() {
    this.element?.setAttribute("aria-label", this.describe(this.index));
  }

  /** Lie where the box is on the screen. */
  place({ x, y, width, height }) {
    for (const [name, value] of Object.entries({ left: x, top: y, width, height })) this.element?.style.setProperty(name, `${value.toFixed(1)}px`);
  }
}
