"""The API: every route parses, calls the document, and returns."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

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

from . import query
from .answers import attachment, json_answer
from .exports import Exports

api = Blueprint("api", __name__, url_prefix="/api")
PASS = ("what",)  # parameters that choose a pass besides its number: every route of a pass has them
VIEW = (*PASS, "open", "depth", "most")  # and those that choose a view of it
PLACE = ("line", "column", "end_line", "end_column")  # those that choose a place in a source
THEMES = ("auto", "light", "dark")


@api.get("/recording")
def recording() -> Response:
    """What was run, its passes and its sources."""
    query.only()
    return json_answer(_document().recording())


@api.get("/findings")
def findings() -> Response:
    """What the checks found."""
    query.only()
    return json_answer(_document().findings())


@api.get("/passes/<index>")
def one_pass(index: str) -> Response:
    """A pass through one view, with its first window of steps."""
    query.only(*VIEW)
    scene = _scene(index)
    answer = json_answer(pass_document(scene))
    _document().prepare(scene)
    return answer


@api.get("/passes/<index>/steps")
def steps(index: str) -> Response:
    """A window of steps, and the frame before it."""
    query.only("start", "count", *VIEW)
    scene = _scene(index)
    last = len(scene.timeline)
    start = query.number("start", 0, 0, last, f"This pass has steps 0 to {last - 1}.")
    count = query.number("count", WINDOW, 1, MOST_STEPS, f"A window has 1 to {MOST_STEPS} steps.")
    return json_answer(window_document(scene, start, count))


@api.get("/passes/<index>/frame")
def frame(index: str) -> Response:
    """The state after the first ``step`` steps."""
    query.only("step", *VIEW)
    scene = _scene(index)
    return json_answer(frame_document(scene, _frame(scene)))


@api.get("/passes/<index>/nodes/<node>")
def one_node(index: str, node: str) -> Response:
    """One value in full."""
    query.only(*PASS)
    shown = _pass(index)
    last = len(shown.graph) - 1
    there = f"This pass has nodes 0 to {last}."
    return json_answer(node_document(shown, query.whole("node", node.removeprefix("n"), 0, last, there)))


@api.get("/passes/<index>/findings")
def findings_of_pass(index: str) -> Response:
    """What the checks find in one pass by itself."""
    query.only(*PASS)
    return json_answer(pass_findings(_pass(index)))


@api.get("/passes/<index>/check")
def check(index: str) -> Response:
    """The gradients beside those that they ought to be."""
    query.only(*VIEW)
    return json_answer(check_document(_scene(index)))


@api.get("/passes/<index>/boxes/<rest:key>")
def one_box(index: str, key: str) -> Response:
    """One folded box in full."""
    query.only(*VIEW)
    return json_answer(box_document(_scene(index), key))


@api.get("/passes/<index>/find")
def find(index: str) -> Response:
    """The values that match ``q``."""
    query.only("q", *PASS)
    return json_answer(find_document(_pass(index), query.words("q")))


@api.get("/passes/<index>/expressions")
def expressions(index: str) -> Response:
    """The expressions of a file that made values."""
    query.only("file", *PASS)
    return json_answer(expressions_document(_pass(index), query.words("file", query.LONGEST_KEY)))


@api.get("/passes/<index>/made")
def made(index: str) -> Response:
    """The values that one expression made."""
    query.only("file", *PLACE, *VIEW)
    return json_answer(made_document(_scene(index), query.words("file", query.LONGEST_KEY), query.place()))


@api.get("/passes/<index>/export.<format>")
def export(index: str, format: str) -> Response:
    """The frame as a file."""
    query.only("step", "theme", "scale", *VIEW)
    query.one_of("format", format, FORMATS)
    options = {"theme": query.choice("theme", "auto", THEMES), "scale": query.decimal("scale", 0.25, 4)}
    scene = _scene(index)
    with _exports().turn():
        return attachment(export_frame(scene, format, _frame(scene), _document().script, **options))


def _document() -> Document:
    document: Document = current_app.extensions["gradviz.document"]
    return document


def _exports() -> Exports:
    queue: Exports = current_app.extensions["gradviz.exports"]
    return queue


def _pass(text: str) -> Pass:
    document = _document()
    return document.shown(query.whole("pass", text, 0, document.last_pass, document.extent), query.edits())


def _scene(index: str) -> Scene:
    return _document().scene(_pass(index), query.open_scopes(), query.depth(), query.most())


def _frame(scene: Scene) -> int:
    last = len(scene.timeline)
    return query.number("step", last, 0, last, f"This pass has frames 0 to {last}.")
