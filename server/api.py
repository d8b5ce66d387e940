"""The API: every route parses, calls the document, and returns."""

from __future__ import annotations

from flask import Blueprint, current_app

from gradviz.document import (
    FORMATS,
    MOST_STEPS,
    WINDOW,
    Document,
    Pass,
    Scene,
    box_document,
    check_document,
    export_frame,
    expressions_document,
    find_document,
    frame_document,
    made_document,
    node_document,
    pass_document,
    pass_findings,
    window_document,
)

from .answers import attachment, json_answer
from .exports import Exports
from .lean import Answer
from .query import LONGEST_KEY, Query, one_of, whole

api = Blueprint("api", __name__, url_prefix="/api")
PASS = ("what",)  # parameters that choose a pass besides its number: every route of a pass has them
VIEW = (*PASS, "open", "depth", "most")  # and those that choose a view of it
PLACE = ("line", "column", "end_line", "end_column")  # those that choose a place in a source
THEMES = ("auto", "light", "dark")


@api.get("/recording")
def recording() -> Answer:
    """What was run, its passes and its sources."""
    Query()
    return json_answer(_document().recording())


@api.get("/findings")
def findings() -> Answer:
    """What the checks found."""
    Query()
    return json_answer(_document().findings())


@api.get("/passes/<index>")
def one_pass(index: str) -> Answer:
    """A pass through one view, with its first window of steps."""
    scene = _scene(index, Query(*VIEW))
    answer = json_answer(pass_document(scene))
    _document().prepare(scene)
    return answer


@api.get("/passes/<index>/steps")
def steps(index: str) -> Answer:
    """A window of steps, and the frame before it."""
    query = Query("start", "count", *VIEW)
    scene = _scene(index, query)
    last = len(scene.timeline)
    start = query.number("start", 0, 0, last, f"This pass has steps 0 to {last - 1}.")
    count = query.number("count", WINDOW, 1, MOST_STEPS, f"A window has 1 to {MOST_STEPS} steps.")
    return json_answer(window_document(scene, start, count))


@api.get("/passes/<index>/frame")
def frame(index: str) -> Answer:
    """The state after the first ``step`` steps."""
    query = Query("step", *VIEW)
    scene = _scene(index, query)
    return json_answer(frame_document(scene, _frame(scene, query)))


@api.get("/passes/<index>/nodes/<node>")
def one_node(index: str, node: str) -> Answer:
    """One value in full."""
    shown = _pass(index, Query(*PASS))
    last = len(shown.graph) - 1
    there = f"This pass has nodes 0 to {last}."
    return json_answer(node_document(shown, whole("node", node.removeprefix("n"), 0, last, there)))


@api.get("/passes/<index>/findings")
def findings_of_pass(index: str) -> Answer:
    """What the checks find in one pass by itself."""
    return json_answer(pass_findings(_pass(index, Query(*PASS))))


@api.get("/passes/<index>/check")
def check(index: str) -> Answer:
    """The gradients beside those that they ought to be."""
    return json_answer(check_document(_scene(index, Query(*VIEW))))


@api.get("/passes/<index>/boxes/<rest:key>")
def one_box(index: str, key: str) -> Answer:
    """One folded box in full."""
    return json_answer(box_document(_scene(index, Query(*VIEW)), key))


@api.get("/passes/<index>/find")
def find(index: str) -> Answer:
    """The values that match ``q``."""
    query = Query("q", *PASS)
    return json_answer(find_document(_pass(index, query), query.words("q")))


@api.get("/passes/<index>/expressions")
def expressions(index: str) -> Answer:
    """The expressions of a file that made values."""
    query = Query("file", *PASS)
    return json_answer(expressions_document(_pass(index, query), query.words("file", LONGEST_KEY)))


@api.get("/passes/<index>/made")
def made(index: str) -> Answer:
    """The values that one expression made."""
    query = Query("file", *PLACE, *VIEW)
    return json_answer(made_document(_scene(index, query), query.words("file", LONGEST_KEY), query.place()))


@api.get("/passes/<index>/export.<format>")
def export(index: str, format: str) -> Answer:
    """The frame as a file."""
    query = Query("step", "theme", "scale", *VIEW)
    one_of("format", format, FORMATS)
    options = {"theme": query.choice("theme", "auto", THEMES), "scale": query.decimal("scale", 0.25, 4)}
    scene = _scene(index, query)
    with _exports().turn():
        return attachment(export_frame(scene, format, _frame(scene, query), _document().script, **options))


def _document() -> Document:
    document: Document = current_app.extensions["gradviz.document"]
    return document


def _exports() -> Exports:
    queue: Exports = current_app.extensions["gradviz.exports"]
    return queue


def _pass(index: str, query: Query) -> Pass:
    return _shown(_document(), index, query)


def _scene(index: str, query: Query) -> Scene:
    document = _document()
    shown = _shown(document, index, query)
    return document.scene(shown, query.open_scopes(), query.depth(), query.most())


def _shown(document: Document, index: str, query: Query) -> Pass:
    return document.shown(whole("pass", index, 0, document.last_pass, document.extent), query.edits())


def _frame(scene: Scene, query: Query) -> int:
    last = len(scene.timeline)
    return query.number("step", last, 0, last, f"This pass has frames 0 to {last}.")
