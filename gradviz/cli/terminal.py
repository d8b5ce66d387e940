"""Text for a terminal: what comes from a recording or a script cannot steer it."""

from __future__ import annotations

import sys

from gradviz.renderers.escape import visible


def tell(text: str) -> None:
    """Say something to the user, on standard error; lines stay lines."""
    shown = "\n".join(visible(line) for line in text.split("\n"))
    try:
        print(f"gradviz: {shown}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass  # nobody listens any more
