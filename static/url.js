/** The page's state as the fragment of its address, and back. No DOM. */

import { readEdits } from "#gv/edits.js";
import { MOST_EVER } from "#gv/held.js";

const TOKEN = /^[\w.~-]{1,512}$/;

function count(text) {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/**
 * @param {string} hash such as "#pass=3&step=17&node=n9&open=MLP"
 * @returns token, pass, step, node, open and most, each null when absent, what, the edits, and check, whether gradients are checked;
 *   `unread` names what made no sense
 */
export function parseHash(hash) {
  const params = new URLSearchParams(String(hash).replace(/^#/, ""));
  const unread = [];
  const read = (name, reader) => {
    if (!params.has(name)) return null;
    const value = reader(params.get(name));
    if (value === null) unread.push(name);
    return value;
  };
  const what = readEdits(params.getAll("what"));
  if (what === null) unread.push("what");
  const open = params.has("open") ? params.getAll("open").filter((key) => key !== "").slice(0, 500) : null;
  return {
    token: read("token", (text) => (TOKEN.test(text) ? text : null)),
    pass: read("pass", count),
    step: read("step", count),
    node: read("node", (text) => (text !== "" && text.length <= 2000 ? text : null)),
    check: params.get("check") === "1",
    open,
    most: read("most", (text) => (count(text) > 0 ? Math.min(count(text), MOST_EVER) : null)),
    what: what ?? [],
    unread,
  };
}

/** The fragment for a state; an `open` of null (the server chooses) is left out. */
export function formatHash({ pass, step, node = null, check = false, open = null, most = null, what = [] }) {
  const params = new URLSearchParams();
  params.set("pass", String(pass));
  params.set("step", String(step));
  if (node !== null) params.set("node", node);
  if (check) params.set("check", "1");
  if (most !== null) params.set("most", String(most));
  for (const edit of what) params.append("what", edit);
  for (const key of open ?? []) params.append("open", key);
  if (open !== null && open.length === 0) params.append("open", "");
  return `#${params.toString().replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%5B", "[").replaceAll("%5D", "]")}`;
}

/** The nearest whole number within [0, last]. */
export const nearest = (value, last) => Math.min(Math.max(0, value ?? 0), Math.max(0, last));
