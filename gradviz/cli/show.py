"""``gradviz show``: open a recording in the browser."""

from __future__ import annotations

from typing import Any

import click

from gradviz.cli.serve import serve, serving
from gradviz.cli.target import opened


@click.command(context_settings={"allow_interspersed_args": True})
@serving
@click.argument("target", metavar="FILE|SCRIPT")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def show(target: str, args: tuple[str, ...], **server: Any) -> int:
    """Open a recording in the browser, or run a script and open what it recorded."""
    with opened(target, args) as recording:
        return serve(recording, **server)
