"""The page's own files: a list made at the start, and nothing is read that is not on it."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app

from gradviz.errors import NotFoundError
from gradviz.player.bundle import bundle
from gradviz.player.files import INDEX, modules
from gradviz.renderers.style import css

from .lean import Answer

page = Blueprint("page", __name__)
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
MAIN = "main.js"


def front_page(files: dict[str, Path]) -> bytes:
    """Give the page, or next to nothing if it is not installed."""
    return files[INDEX].read_bytes() if INDEX in files else b"<!doctype html><title>gradviz</title>"


@page.get("/")
def index() -> Answer:
    """The page. Its import map is what the content security policy has the hash of."""
    return Answer(current_app.extensions["gradviz.index"], content_type=TYPES[".html"])


@page.get("/static/<rest:name>")
def static_file(name: str) -> Answer:
    """A module or style sheet of the page. The main module comes with all that it imports."""
    known: dict[str, Path] = current_app.extensions["gradviz.page"]
    if name not in known or name == INDEX:
        raise NotFoundError("The page has no such file.")
    body = _main(known) if name == MAIN else known[name].read_bytes()
    return Answer(body, content_type=TYPES[known[name].suffix])


def _main(known: dict[str, Path]) -> str:
    """Read anew for each page: it takes a few milliseconds, and a reload shows what was edited."""
    return bundle(modules(known), MAIN)


@page.get("/graph.css")
def graph_css() -> Answer:
    """The style sheet of the drawing."""
    return Answer(css("auto"), content_type=TYPES[".css"])
