"""One self-contained HTML file that steps through a pass: the debugger's page, without a server."""

from __future__ import annotations

from gradviz.player.carried import MOST_BYTES
from gradviz.player.page import html, moment_of
from gradviz.player.steps import MOST_STEPS

__all__ = ["MOST_BYTES", "MOST_STEPS", "html", "moment_of"]
