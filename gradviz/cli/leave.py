"""How a forked child gets out of the command that it was forked in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MAY_FORK = "may fork"  # the object of click's context where the process is the command line's own


class Leave(BaseException):
    """Raised in a forked child: ``main`` lets it pass through all that is around it, then does ``work``."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
