"""Manners: what comes from a recording cannot steer the terminal, and no file is overwritten unasked."""

from __future__ import annotations

import os
import sys

from gradviz.errors import GradvizError


def tell(text: str) -> None:
    """Say something to the user, on standard error; lines stay lines."""
    from gradviz.renderers.escape import visible

    if sys.stderr is None:
        return  # print would take standard output instead
    shown = "\n".join(visible(line) for line in text.split("\n"))
    try:
        print(f"gradviz: {shown}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        sys.stderr = None  # nobody listens; what stays in its buffer would change the exit code


def refuse_existing(path: str, force: bool) -> None:
    """Refuse to overwrite, before any work is done.

    Raises:
        GradvizError: the file exists, and nobody said ``--force``.
    """
    if os.path.lexists(path) and not force:
        raise GradvizError(f"{path} exists already.", "Choose another name, or --force.")
