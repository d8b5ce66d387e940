"""What the tests look at in the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .conftest import TOKEN, Served

PROBES = Path(__file__).with_name("probes.js").read_text(encoding="utf-8").rstrip().removesuffix(";")


def probe(page: Any, name: str) -> Any:
    """Ask one of the probes, once what waits for the picture is done."""
    page.evaluate(f"{PROBES}.rest()")
    return page.evaluate(f"{PROBES}.{name}()")


def at(page: Any) -> int:
    return int(page.get_attribute(".knob", "aria-valuenow"))


def go_to(page: Any, k: int) -> None:
    page.wait_for_selector(f".knob[aria-valuenow='{k}']", state="attached")


def exported(page: Any, served: Served, step: int) -> dict[str, list[Any]]:
    """The export of a frame in the shape of the probe "state"."""
    address = f"http://127.0.0.1:{served.port}/api/passes/0/export.svg?step={step}"
    svg = ElementTree.fromstring(page.request.get(address, headers={"X-Gradviz-Token": TOKEN}).text())
    shapes: dict[str, list[Any]] = {"boxes": [], "edges": []}
    for group in svg.iter("{http://www.w3.org/2000/svg}g"):
        texts = {one.get("class"): one.text or "" for one in group if one.get("class")}
        if "data-box" in group.attrib:
            parts = {part: texts.get(f"gv-{part}") for part in ("data", "grad", "order", "zero")}
            shapes["boxes"].append({"key": group.get("data-key"), "state": group.get("class"), **parts})
        elif "data-edge" in group.attrib:
            shapes["edges"].append({"state": group.get("class"), "carried": texts["gv-carried"]})
    return shapes
