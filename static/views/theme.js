/** Light, dark, or as the system has it. */
import { icon, put } from "#gv/dom.js";

const KEY = "gradviz-theme";
const NEXT = { auto: "light", light: "dark", dark: "auto" };

function kept() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function theme(element) {
  const first = document.documentElement.dataset.theme ?? kept() ?? ""; // what the file was made for goes before
  let now = Object.hasOwn(NEXT, first) ? first : "auto";
  put(element, icon("theme"));

  function show() {
    if (now === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    const text = `Theme: ${now}. Next: ${NEXT[now]}`;
    element.setAttribute("aria-label", text);
    element.title = text;
  }

  element.addEventListener("click", () => {
    now = NEXT[now];
    try {
      localStorage.setItem(KEY, now);
    } catch {
      // A browser that keeps nothing still changes the theme.
    }
    show();
  });
  show();
}
