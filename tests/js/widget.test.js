import assert from "node:assert/strict";
import test from "node:test";
import { render } from "../../static/widget.js";

function shown(traits = {}) {
  const held = { step: 4, node: null, alt: "A neuron", _page: "<p>page", _first: 0, _height: 300, ...traits };
  const listeners = new Map();
  let saved = 0;
  const model = {
    get: (name) => held[name],
    set(name, value) {
      if (held[name] === value) return;
      held[name] = value;
      listeners.get(`change:${name}`)?.();
    },
    on: (type, listener) => listeners.set(type, listener),
    off: (type) => listeners.delete(type),
    save_changes: () => (saved += 1),
  };
  const asked = [];
  const contentWindow = { postMessage: (message) => asked.push(message) };
  const frame = { style: {}, contentWindow, setAttribute: (name, value) => (frame[name] = value) };
  let hear = null;
  globalThis.document = { createElement: () => frame };
  globalThis.window = { addEventListener: (_, listener) => (hear = listener), removeEventListener: () => (hear = null) };
  const stop = render({ model, el: { replaceChildren() {} } });
  const say = (data, { source = contentWindow, origin = "null" } = {}) => hear({ source, origin, data });
  return { model, held, asked, frame, say, stop, listeners, saved: () => saved, hears: () => hear !== null };
}

const cursor = (more) => ({ gradviz: "cursor", serial: 1, step: 0, node: null, ...more });

test("the page runs in a sandbox, and is told where it stands once it is there", () => {
  const { frame, asked, say } = shown({ node: 2, _first: 1 });
  assert.deepEqual([frame.sandbox, frame.srcdoc, frame.title, frame.style.height], ["allow-scripts", "<p>page", "A neuron", "300px"]);
  assert.deepEqual(asked, []);
  say({ gradviz: "ready" });
  assert.deepEqual(asked, [{ gradviz: "seek", serial: 1, step: 3, node: "n2" }]);
});

test("Python hears of every move, not so often that it could not follow", async () => {
  const { held, say, asked, saved } = shown({ _first: 10 });
  say({ gradviz: "ready" });
  say(cursor({ step: 1 }));
  say(cursor({ step: 2, node: "n7" }));
  assert.deepEqual([held.step, held.node, saved()], [12, 7, 0]);
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.equal(saved(), 1);
  assert.equal(asked.length, 1, "the page is not told what it has said");
  say(cursor({ step: 2, node: "MLP/layers[0]" }));
  assert.equal(held.node, null);
});

test("what Python sets moves the page, and older answers do not undo it", () => {
  const { model, held, asked, say } = shown();
  say({ gradviz: "ready" });
  model.set("step", 9);
  assert.deepEqual(asked.at(-1), { gradviz: "seek", serial: 2, step: 9, node: null });
  say(cursor({ step: 4, serial: 1 }));
  assert.equal(held.step, 9);
});

test("only its own frame is listened to", () => {
  const { held, say } = shown();
  say({ gradviz: "ready" });
  say(cursor({ step: 1 }), { source: {} });
  say(cursor({ step: 1 }), { origin: "https://evil.test" });
  say(cursor({ step: "1" }));
  say("cursor");
  say(null);
  assert.equal(held.step, 4);
});

test("nothing is left when the widget is gone", () => {
  const { stop, listeners, hears } = shown();
  stop();
  assert.deepEqual([listeners.size, hears()], [0, false]);
});
