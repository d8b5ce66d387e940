/** The transport: buttons, the track of phases with its knob, the counter and the speed. */
import { el, icon, put } from "#gv/dom.js";
import { grouped } from "#gv/grouped.js";
import { SPEEDS } from "#gv/player.js";
import { fractionOf, segments, stepAt } from "#gv/track.js";

const NAMES = { forward: "forward", order: "topological order", backward: "backward", update: "update" };

export function transport(element, app) {
  const part = (id) => element.querySelector(`#${id}`);
  const button = (command, label, key, extra = "") => el("button", {
    type: "button", class: `round ${extra}`, "aria-label": label, title: `${label} (${key})`, "data-command": command, click: () => app.command(command),
  }, icon(command === "toggle" ? "play" : command));
  const play = button("toggle", "Play", "space", "play");
  part("buttons").append(
    button("first", "First step", "Home"), button("back", "Step back", "←"), play, button("forward", "Step", "→"), button("last", "Last step", "End"));

  const bars = el("div", { class: "phases" });
  const knob = el("div", { class: "knob", role: "slider", tabindex: 0, "aria-label": "Step", "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0 });
  const track = part("track");
  track.append(bars, knob);

  const steps = el("span", { class: "steps" });
  const speed = el("select", { class: "speed", "aria-label": "Speed", title: "Speed of play", change: () => app.setSpeed(Number(speed.value)) },
    SPEEDS.map((rate) => el("option", { value: rate, selected: rate === app.speed }, `${grouped(rate)} / s`)));
  part("counter").append(steps, el("div", { class: "jumps" },
    button("over", "Over a scope or line", "↓", "small"), button("out", "Out of the scope", "↑", "small"), button("resume", "Continue to the next breakpoint or finding", "c", "small")), speed);

  let parts = [];
  let fills = [];

  function draw() {
    parts = segments(app.pass.phases);
    fills = parts.map((phase) => {
      const fill = el("span", { class: "fill" });
      const label = `${NAMES[phase.name] ?? phase.name} ${grouped(phase.stop - phase.start)}`;
      const bar = el("div", { class: `bar ${phase.name}`, title: label }, el("span", { class: "rail" }, fill), el("span", { class: "label" }, label));
      bar.style.setProperty("flex-grow", String(phase.to - phase.from));
      return { fill, bar };
    });
    put(bars, fills.map(({ bar }) => bar));
    knob.setAttribute("aria-valuemax", app.player.total);
    track.hidden = app.player.total === 0;
    steps.style.setProperty("min-width", `${grouped(app.player.total).length * 2 + 3}ch`);
    show();
  }

  function show() {
    const { k, total, step } = app.player;
    fills.forEach(({ fill, bar }, index) => {
      const share = Math.min(Math.max((k - parts[index].start) / (parts[index].stop - parts[index].start), 0), 1);
      fill.style.setProperty("width", `${share * 100}%`);
      bar.classList.toggle("current", step !== null && parts[index].name === step.phase);
    });
    knob.style.setProperty("left", `${fractionOf(parts, k) * 100}%`);
    knob.setAttribute("aria-valuenow", k);
    knob.setAttribute("aria-valuetext", `step ${k} of ${total}${step ? `, ${NAMES[step.phase] ?? step.phase}` : ""}`);
    put(steps, el("span", { class: "wide" }, "step "), `${grouped(k)} / ${grouped(total)}`);
    for (const [command, off] of [["first", k === 0], ["back", k === 0], ["forward", k === total], ["last", k === total]]) {
      part("buttons").querySelector(`[data-command=${command}]`).setAttribute("aria-disabled", String(off));
    }
  }

  function showPlaying() {
    const { playing } = app.player;
    put(play, icon(playing ? "pause" : "play"));
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    play.title = `${playing ? "Pause" : "Play"} (space)`;
  }

  const stepUnder = (event) => {
    const { left, width } = bars.getBoundingClientRect();
    return stepAt(parts, Math.min(Math.max((event.clientX - left) / width, 0), 1));
  };
  let dragging = false;
  track.addEventListener("pointerdown", (event) => {
    if (!app.player || event.button !== 0) return;
    app.emit("leave");
    dragging = true;
    track.setPointerCapture(event.pointerId);
    knob.focus({ preventScroll: true });
    event.preventDefault();
    app.attempt(() => app.player.seek(stepUnder(event)));
  });
  track.addEventListener("pointermove", (event) => {
    if (dragging) app.attempt(() => app.player.seek(stepUnder(event)));
  });
  for (const name of ["pointerup", "pointercancel"]) track.addEventListener(name, () => (dragging = false));
  knob.addEventListener("keydown", (event) => {
    const leap = { PageUp: 10, PageDown: -10 }[event.key];
    if (!leap || !app.player) return;
    event.preventDefault();
    app.attempt(() => app.player.seek(app.player.aim + leap));
  });

  app.on("pass", () => {
    draw();
    showPlaying();
  });
  app.on("move", show);
  app.on("playing", showPlaying);
  app.on("waiting", () => element.classList.toggle("waiting", app.player.waiting));
}
