import assert from "node:assert/strict";
import test from "node:test";
import { createApi, isStale } from "../../static/api.js";
import { passDocument, recordingDocument } from "./fixture.js";

const answer = (body, status = 200) => ({ ok: status < 400, status, json: async () => (typeof body === "string" ? JSON.parse(body) : body), blob: async () => body });
const noTimer = { setTimeout: () => 1, clearTimeout() {} };

test("every call carries the token and names its query", async () => {
  const seen = [];
  const api = createApi({ token: "t0", timer: noTimer, fetch: async (url, options) => {
    seen.push([url, options.headers["X-Gradviz-Token"]]);
    return answer(url.includes("recording") ? recordingDocument() : url.includes("findings") ? { findings: [] } : passDocument());
  } });
  await api.recording();
  await api.findings();
  await api.pass(3, { open: ["MLP/layers[0]", "b c"] });
  await api.pass(3, { open: [] });
  await api.node(3, 9);
  await api.box(3, "MLP/layers[0] #2", null);
  await api.find(3, "a&b");
  await api.check(3, { open: ["a"], what: [] });
  await api.expressions(3, "lecture.ipynb#cell-3");
  await api.made(3, "a.py", [9, 4, 10, 1], { most: 7 });
  await api.made(3, "a.py", [9, 0, 9, 0], null);
  await api.exported(3, "png", { step: 5, open: null, theme: "dark", scale: 2 });
  assert.ok(seen.every(([, token]) => token === "t0"));
  assert.deepEqual(seen.map(([url]) => url), [
    "/api/recording", "/api/findings", "/api/passes/3?open=MLP%2Flayers%5B0%5D&open=b+c", "/api/passes/3?open=", "/api/passes/3/nodes/9",
    "/api/passes/3/boxes/MLP%2Flayers%5B0%5D%20%232", "/api/passes/3/find?q=a%26b", "/api/passes/3/check?open=a", "/api/passes/3/expressions?file=lecture.ipynb%23cell-3",
    "/api/passes/3/made?file=a.py&line=9&column=4&end_line=10&end_column=1&most=7", "/api/passes/3/made?file=a.py&line=9", "/api/passes/3/export.png?step=5&theme=dark&scale=2",
  ]);
});

test("an error keeps the server's words", async () => {
  const api = createApi({ token: "", timer: noTimer, fetch: async () => answer({ error: { message: "There are passes 0 to 3.", hint: "Choose one." } }, 404) });
  await assert.rejects(api.node(9, 9), { kind: "refused", status: 404, message: "There are passes 0 to 3.", hint: "Choose one." });
  const odd = createApi({ token: "", timer: noTimer, fetch: async () => answer("<html>", 502) });
  await assert.rejects(odd.node(9, 9), { kind: "refused", message: "The server answered with status 502." });
  const closed = createApi({ token: "", timer: noTimer, fetch: async () => answer({}, 401) });
  await assert.rejects(closed.recording(), { kind: "unauthorised" });
});

test("a newer search makes the older one stale", async () => {
  const api = createApi({ token: "", timer: noTimer, fetch: (url, { signal }) => new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    if (url.endsWith("q=ab")) resolve(answer({ matches: [] }));
  }) });
  const first = api.find(0, "a").catch((error) => error);
  assert.deepEqual(await api.find(0, "ab"), { matches: [] });
  assert.ok(isStale(await first));
});

test("a lost server is noticed, asked again, and found again", async () => {
  let up = false;
  let probe = null;
  const delays = [];
  const heard = [];
  const timer = { setTimeout: (run, delay) => {
    if (delay <= 10000) {
      probe = run;
      delays.push(delay);
    }
    return 1;
  }, clearTimeout() {} };
  const api = createApi({ token: "", timer, fetch: async () => {
    if (!up) throw new TypeError("failed to fetch");
    return answer({ findings: [] });
  } });
  for (const name of ["disconnected", "connected"]) api.on(name, () => heard.push(name));
  await assert.rejects(api.node(0, 0), { kind: "disconnected" });
  await probe();
  await probe();
  assert.deepEqual(delays, [1000, 2000, 4000]);
  up = true;
  await probe();
  assert.equal(heard.at(-1), "connected");
  assert.equal(heard[0], "disconnected");
});
