/** The HTTP API: token header, errors in words, stale requests dropped, reconnection. No DOM. */
import { readRecording, readWindow } from "#gv/document.js";
import { createEvents } from "#gv/events.js";

const FIRST_RETRY = 1000;
const LONGEST_RETRY = 10000;
const TIMEOUT = 30000;

export class ApiError extends Error {
  /** @param kind "refused" | "unauthorised" | "disconnected" | "stale" */
  constructor(kind, message, hint = "", status = 0) {
    super(message);
    Object.assign(this, { name: "ApiError", kind, hint, status });
  }
}

export const isStale = (error) => error instanceof ApiError && error.kind === "stale";

async function refusal(response) {
  let words = {};
  try {
    words = (await response.json()).error ?? {};
  } catch {
    words = {};
  }
  const kind = response.status === 401 || response.status === 403 ? "unauthorised" : "refused";
  const message = words.message ?? `The server answered with status ${response.status}.`;
  return new ApiError(kind, String(message), String(words.hint ?? ""), response.status);
}

/**
 * @param options.token what every call carries
 * @param options.fetch, options.timer stand-ins for tests
 */
export function createApi({ token, fetch = (...args) => globalThis.fetch(...args), timer = globalThis, base = "" }) {
  const events = createEvents();
  const running = new Map();
  let connected = true;
  let retry = null;
  let delay = FIRST_RETRY;

  function lost() {
    if (connected) events.emit("disconnected", { delay });
    connected = false;
    if (retry === null) retry = timer.setTimeout(probe, delay);
  }

  function found() {
    if (retry !== null) timer.clearTimeout(retry);
    retry = null;
    delay = FIRST_RETRY;
    if (!connected) events.emit("connected");
    connected = true;
  }

  async function probe() {
    if (retry !== null) timer.clearTimeout(retry);
    retry = null;
    delay = Math.min(LONGEST_RETRY, delay * 2);
    events.emit("retrying");
    try {
      await call("/api/findings", { channel: "probe" });
    } catch (error) {
      if (error.kind === "disconnected") events.emit("disconnected", { delay });
    }
  }

  /** A new call on a channel makes the one before it stale. */
  async function call(path, { channel = null, as = "json" } = {}) {
    const control = new AbortController();
    if (channel !== null) {
      running.get(channel)?.abort();
      running.set(channel, control);
    }
    let late = false;
    const limit = timer.setTimeout(() => {
      late = true;
      control.abort();
    }, TIMEOUT);
    try {
      const response = await fetch(base + path, {
        headers: { "X-Gradviz-Token": token },
        signal: control.signal,
        cache: "no-store",
        credentials: "omit",
      });
      found();
      if (!response.ok) throw await refusal(response);
      return await response[as]();
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (control.signal.aborted && !late) throw new ApiError("stale", "A newer request took its place.");
      lost();
      throw new ApiError("disconnected", "The server does not answer.", "Is gradviz still running in the terminal?");
    } finally {
      timer.clearTimeout(limit);
      if (running.get(channel) === control) running.delete(channel);
    }
  }

  const query = (values) => {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === undefined) continue;
      if (Array.isArray(value)) for (const item of value.length ? value : [""]) params.append(name, item);
      else params.set(name, String(value));
    }
    const text = params.toString();
    return text === "" ? "" : `?${text}`;
  };

  const edits = (what) => (what?.length ? what : null);
  const seen = (lens) => ({ open: lens?.open, most: lens?.most, what: edits(lens?.what) });

  return {
    on: events.on,
    retry: probe,
    recording: async () => readRecording(await call("/api/recording")),
    findings: async () => (await call("/api/findings")).findings,
    cancel: () => running.get("pass")?.abort(),
    pass: (index, lens) => call(`/api/passes/${index}${query(seen(lens))}`, { channel: "pass" }),
    steps: async (index, start, count, lens) => readWindow(await call(`/api/passes/${index}/steps${query({ start, count, ...seen(lens) })}`)),
    node: (index, node, what) => call(`/api/passes/${index}/nodes/${node}${query({ what: edits(what) })}`),
    box: (index, key, lens) => call(`/api/passes/${index}/boxes/${encodeURIComponent(key)}${query(seen(lens))}`),
    passFindings: async (index, what) => (await call(`/api/passes/${index}/findings${query({ what: edits(what) })}`, { channel: "findings" })).findings,
    check: (index, lens) => call(`/api/passes/${index}/check${query(seen(lens))}`, { channel: "check" }),
    expressions: async (index, file, what) => (await call(`/api/passes/${index}/expressions${query({ file, what: edits(what) })}`)).expressions,
    made: (index, file, [line, column, endLine, endColumn], lens) =>
      call(`/api/passes/${index}/made${query({ file, line, ...(endColumn > 0 ? { column, end_line: endLine, end_column: endColumn } : {}), ...seen(lens) })}`, { channel: "made" }),
    find: (index, q, what) => call(`/api/passes/${index}/find${query({ q, what: edits(what) })}`, { channel: "find" }),
    exported: (index, format, { step, theme, scale, ...lens }) =>
      call(`/api/passes/${index}/export.${format}${query({ step, ...seen(lens), theme, scale })}`, { as: "blob" }),
  };
}
