/** The keys, in one table: what they do, and what the help says of them. No DOM. */

export const KEYS = [
  { keys: ["ArrowRight"], shown: "→", command: "forward", text: "step" },
  { keys: ["ArrowLeft"], shown: "←", command: "back", text: "step back" },
  { keys: [" "], shown: "space", command: "toggle", text: "play, pause" },
  { keys: ["ArrowDown"], shown: "↓", command: "over", text: "over a scope, or a line" },
  { keys: ["ArrowUp"], shown: "↑", command: "out", text: "out of the scope" },
  { keys: ["Home"], shown: "Home", command: "first", text: "to the start" },
  { keys: ["End"], shown: "End", command: "last", text: "to the end" },
  { keys: ["c"], shown: "c", command: "resume", text: "continue to the next breakpoint or finding" },
  { keys: ["C"], shown: "C", command: "resumeBack", text: "the same, backwards" },
  { keys: ["Enter"], shown: "Enter", command: "expand", text: "open or fold the box" },
  { keys: ["Escape"], shown: "Esc", command: "follow", text: "cancel opening; let the inspector follow the steps; leave a what-if" },
  { keys: [], shown: "⇧ Enter", command: "whole", text: "open all in the focused box" },
  { keys: [], shown: "⇧ ←→↑↓", command: "walk", text: "from the focused box to its neighbours" },
  { keys: ["/"], shown: "/", command: "search", text: "find a value" },
  { keys: ["b"], shown: "b", command: "breakpoint", text: "breakpoint at the box, on or off" },
  { keys: ["g"], shown: "g", command: "check", text: "check gradients, on or off" },
  { keys: ["n"], shown: "n", command: "next", text: "next value of the chosen expression, or that fails the check" },
  { keys: ["N"], shown: "N", command: "previous", text: "the same, backwards" },
  { keys: [], shown: "⇧ ←→", command: "expressions", text: "on a line number: along the line's expressions" },
  { keys: ["["], shown: "[", command: "previousPass", text: "previous pass" },
  { keys: ["]"], shown: "]", command: "nextPass", text: "next pass" },
  { keys: ["f"], shown: "f", command: "fit", text: "the whole graph" },
  { keys: ["+", "="], shown: "+", command: "zoomIn", text: "nearer" },
  { keys: ["-"], shown: "−", command: "zoomOut", text: "farther" },
  { keys: ["?"], shown: "?", command: "help", text: "this help" },
];

const COMMANDS = new Map(KEYS.flatMap(({ keys, command }) => keys.map((key) => [key, command])));
const WRITES = new Set(["INPUT", "TEXTAREA", "SELECT"]);
const PRESSES = new Set(["BUTTON", "A", "SUMMARY"]);

/**
 * The command that a key press stands for, or null when the focused element wants the key itself.
 * @param event a KeyboardEvent, or what a test gives in its place
 */
export function commandOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return null;
  const { tagName = "", type = "", role = null } = event.target ?? {};
  if (WRITES.has(tagName) && !(tagName === "INPUT" && type === "checkbox")) return null;
  const pressed = event.key === "Enter" || event.key === " ";
  if (pressed && PRESSES.has(tagName)) return null;
  if (role === "tab" && (event.key === "ArrowLeft" || event.key === "ArrowRight")) return null;
  return COMMANDS.get(event.key) ?? null;
}
