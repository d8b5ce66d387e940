"""Answers: documents as JSON, files, and errors that tell the reader what to do and an attacker nothing."""

from __future__ import annotations

import logging
import secrets
import traceback
from http import HTTPStatus
from typing import Any, NamedTuple

from flask import current_app
from werkzeug.exceptions import HTTPException

from gradviz.document import Export, encoded
from gradviz.errors import GradvizError, NotFoundError, OutOfMemoryError
from gradviz.numbers import dumps

from .lean import Answer

LARGEST = 16 << 20  # bytes of one answer
JSON = "application/json; charset=utf-8"
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"
_ESCAPED = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})
_log = logging.getLogger("gradviz.server")


class Refusal(NamedTuple):
    """Why a request is not served."""

    status: int
    message: str
    hint: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def line(self) -> str:
        """The status line."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"


class BadRequest(GradvizError):
    """A request that says something malformed; answered with status 400."""


class Busy(GradvizError):
    """Too much at once; answered with status 429."""


def json_answer(document: Any) -> Answer:
    """Give a document as JSON.

    Raises:
        BadRequest: it would be larger than an answer may be.
    """
    body = encoded(document)
    if len(body) > LARGEST:
        size, most = len(body) >> 20, LARGEST >> 20
        raise BadRequest(f"The answer would have {size} MB; at most {most} are sent.", "Open fewer scopes.")
    return Answer(body, content_type=JSON)


def attachment(file: Export) -> Answer:
    """Give a file to save. Opened as a page all the same, it may do nothing: SVG can hold scripts."""
    headers = {
        "Content-Type": file.media_type,
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Content-Security-Policy": SANDBOX,
    }
    return Answer(file.content, headers=headers)


def refusal_body(refused: Refusal) -> bytes:
    """Give a refusal as JSON, without a character that means something in HTML."""
    text = dumps({"error": {"message": refused.message, "hint": refused.hint}})
    return text.translate(_ESCAPED).encode("utf-8", "backslashreplace")


def refuse(refused: Refusal) -> Answer:
    """Answer with an error."""
    headers = {"Content-Type": JSON, **dict(refused.headers)}
    return Answer(refusal_body(refused), refused.status, headers)


def on_gradviz_error(error: GradvizError) -> Answer:
    """Answer what gradviz raised on purpose."""
    if isinstance(error, Busy):
        return refuse(Refusal(429, error.message, error.hint, (("Retry-After", "1"),)))
    status = 400 if isinstance(error, BadRequest) else 404 if isinstance(error, NotFoundError) else 422
    return refuse(Refusal(status, error.message, error.hint))


def on_memory_error(error: MemoryError) -> Answer:
    """Answer that memory ran out; what was held for other answers is given back, so that these go on."""
    current_app.extensions["gradviz.document"].forget()
    told = error if isinstance(error, OutOfMemoryError) else OutOfMemoryError("this answer")
    return refuse(Refusal(503, told.message, told.hint))


def on_http_error(error: HTTPException) -> Answer:
    """Answer what routing raised: mostly that there is no such route."""
    status = error.code or 500
    if status == 404:
        hint = "The routes are listed in docs/http-api.md."
        return refuse(Refusal(404, "There is nothing at this address.", hint))
    return refuse(Refusal(status, HTTPStatus(status).phrase + "."))


def on_bug(error: Exception) -> Answer:
    """Answer a bug with a reference; what happened stands in the terminal only."""
    reference = secrets.token_hex(4)
    _log.error("Error %s\n%s", reference, "".join(traceback.format_exception(error)))
    message = f"gradviz made a mistake (reference {reference})."
    return refuse(Refusal(500, message, "The terminal that runs gradviz tells more; please report it."))
