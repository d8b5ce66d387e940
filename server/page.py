"""The page's own files: a list made at the start, and nothing is read that is not on it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, current_app

from gradviz.errors import NotFoundError
from gradviz.renderers.style import css

page = Blueprint("page", __name__)
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
INDEX = "index.html"


def page_files() -> dict[str, Path]:
    """The files of the page by their path, without links that lead out of it."""
    folder = Path(str(files("gradviz.static"))).resolve()
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in TYPES and path.is_file()]
    inside = [path for path in found if path.resolve().is_relative_to(folder)]
    return {path.relative_to(folder).as_posix(): path for path in inside}


@page.get("/")
def index() -> Response:
    """The page. Its import map is what the content security policy has the hash of."""
    return Response(current_app.extensions["gradviz.index"], content_type=TYPES[".html"])


@page.get("/static/<rest:name>")
def static_file(name: str) -> Response:
    """A module or style sheet of the page."""
    known: dict[str, Path] = current_app.extensions["gradviz.page"]
    if name not in known or name == INDEX:
        raise NotFoundError("The page has no such file.")
    return Response(known[name].read_bytes(), content_type=TYPES[known[name].suffix])


@page.get("/graph.css")
def graph_css() -> Response:
    """The style sheet of the drawing."""
    return Response(css("auto"), content_type=TYPES[".css"])
