"""The page in a real Chromium without a GPU: how long until a recording, or a step, is painted.

Two things are read inside the page, by a script that runs before the page's own. *Opened*: from the start
of the navigation until the page says that it is ready, and three frames on. *Stepped*: from the key press,
by the event's own time stamp, until the page's step counter has moved, and three frames on: the first is the
one that shows it, the next begins when its paint is recorded, the one after when its raster is done, since a
frame waits for the raster of the one before. Chromium's limit of 60 frames a second is off, and a dot in a
layer of its own changes with every frame, since idle frames are slowed down all the same: else a step would
be measured in units of 16.7 ms. Frames in which only the dot changes are measured alone as well, and two of
them, which come after the one that shows the step, are taken off. All are wall times of the page's own clock:
what is late by another program's doing is late all the same. So the CPU seconds of all of Chromium's
processes are told beside them, for key presses without the dot.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.harness import Failed, Missing
from benchmarks.served import TOKEN

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-frame-rate-limit", "--disable-gpu-vsync"),
]
SCREEN = {"width": 1440, "height": 900}
WATCH = """
const dot = document.createElement("i");
let drawn = 0;
const frame = () => {
  if (!dot.isConnected) document.body?.append(dot);
  const background = `#00${drawn++ % 2}`;
  Object.assign(dot.style, { position: "fixed", padding: "1px", background, willChange: "transform" });
  return new Promise(requestAnimationFrame);
};
const paintedWhen = async (holds) => {
  const limit = performance.now() + 60_000;
  while (!holds()) {
    await new Promise(requestAnimationFrame);
    if (performance.now() > limit) throw new Error(`state ${document.body.dataset.state} for a minute`);
  }
  for (let k = 0; k < 3; k += 1) await frame();
  return performance.now();
};
const counter = () => document.querySelector("#track .knob")?.getAttribute("aria-valuenow");
window.bench = {
  opened: paintedWhen(() => document.body?.dataset.state === "ready"),
  stepped: null,
  busy: false,
  async spin() {
    bench.busy = true;
    while (bench.busy) await frame();
  },
  async idle() {
    const start = performance.now();
    for (let k = 0; k < 3; k += 1) await frame();
    return performance.now() - start;
  },
};
addEventListener("keydown", (event) => {
  const before = counter();
  bench.stepped = paintedWhen(() => counter() !== before).then((now) => now - event.timeStamp);
}, { capture: true });
"""


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a browser.

    Raises:
        Missing: there is no Chromium, or no playwright to drive it.
    """
    peers.installed("playwright")
    path = peers.program("chromium", "chromium-browser", "google-chrome")
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        except Error as error:
            raise Failed(str(error).split("\n")[0]) from None
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, port: int, state: str = "") -> Iterator[tuple[Any, float]]:
    """Open the page in a fresh profile; gives it, and the seconds until it was painted."""
    context = browser.new_context(viewport=SCREEN, reduced_motion="reduce")
    try:
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.add_init_script(WATCH)
        page.goto(f"http://127.0.0.1:{port}/#token={TOKEN}{state}")
        yield page, page.evaluate("() => bench.opened") / 1000
    finally:
        context.close()


def step_times(page: Any, keys: list[str]) -> list[float]:
    """Press keys, each when the one before is painted; give the seconds of each, with two frames too many."""
    times = []
    page.evaluate("() => void bench.spin()")
    for key in keys:
        page.keyboard.press(key)
        times.append(page.evaluate("() => bench.stepped") / 1000)
    page.evaluate("() => { bench.busy = false; }")
    return times


def idle_time(page: Any) -> float:
    """The seconds of a frame in which only the dot changes, the median of some."""
    times = [page.evaluate("() => bench.idle()") / 1000 for _ in range(20)]
    return statistics.median(times) / 3


def step_cpu(page: Any, keys: list[str]) -> float:
    """The CPU seconds that a key press costs all of Chromium's processes."""
    before = chromium_cpu()
    for key in keys:
        page.keyboard.press(key)
        page.evaluate("() => bench.stepped")
    return (chromium_cpu() - before) / len(keys)


def chromium_cpu() -> float:
    """The CPU seconds so far of the Chromium that descends from this process; 0 where there is no /proc."""
    processes = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            name, _, rest = path.read_text().partition("(")[2].rpartition(")")
            processes[int(path.parent.name)] = name, rest.split()
    family, ticks = {os.getpid()}, 0
    for pid in sorted(processes):  # parents come before their children
        name, facts = processes[pid]
        if int(facts[1]) in family:
            family.add(pid)
            ticks += sum(map(int, facts[11:13])) if "chrom" in name else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def p50_p95(times: list[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    if len(times) < 2:
        raise Missing("too few")
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]
