"""The application: the routes, wrapped in the guard."""

from __future__ import annotations

import os

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import PathConverter

from gradviz.document import Document
from gradviz.errors import GradvizError, OutOfMemoryError
from gradviz.player.files import page_files
from gradviz.recording import Recording

from . import answers
from .api import api
from .exports import Exports
from .lean import LeanFlask
from .page import front_page, page
from .security import Guard, content_policy, hosts_of

DEFAULT_PORT = 8765
MOST_BODY = 1  # byte; nothing here takes a body


class _Rest(PathConverter):
    """The rest of a path, whatever is in it: keys of scopes hold slashes, and may hold anything else."""

    regex = r"[\s\S]+"
    part_isolating = False  # it spans slashes


def create_app(
    recording: Recording | str | os.PathLike[str],
    *,
    token: str,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
) -> Flask:
    """Make the WSGI application that carries a recording to the page.

    Args:
        recording: what to show, or the path of its file.
        token: what every API call must carry.
        host: where it listens; a name beyond loopback becomes one that requests may use.
        port: where it listens; requests that name another are refused.

    Raises:
        GradvizError: the token is empty.
    """
    if not token:
        raise GradvizError("An empty token keeps nobody out.", "secrets.token_urlsafe() makes a good one.")
    if not isinstance(recording, Recording):
        recording = Recording.open(os.fspath(recording))
    app = LeanFlask("gradviz.server", static_folder=None, template_folder=None)
    app.debug = False  # whatever the environment says
    app.config.update(MAX_CONTENT_LENGTH=MOST_BODY, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.url_map.merge_slashes = app.url_map.redirect_defaults = False
    app.url_map.converters["rest"] = _Rest
    files = page_files()
    index = front_page(files)
    app.extensions |= {
        "gradviz.document": Document(recording),
        "gradviz.exports": Exports(),
        "gradviz.page": files,
        "gradviz.index": index,
    }
    app.register_blueprint(api)
    app.register_blueprint(page)
    app.register_error_handler(GradvizError, answers.on_gradviz_error)
    app.register_error_handler(MemoryError, answers.on_memory_error)
    app.register_error_handler(OutOfMemoryError, answers.on_memory_error)
    app.register_error_handler(HTTPException, answers.on_http_error)
    app.register_error_handler(Exception, answers.on_bug)
    guard = Guard(app.wsgi_app, hosts=hosts_of(host, port), token=token, policy=content_policy(index))
    app.wsgi_app = guard  # type: ignore[method-assign]
    return app
