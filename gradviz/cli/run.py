"""``gradviz run``: run a script, record it, and show it."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from gradviz.cli.serve import serving
from gradviz.cli.terminal import tell

if TYPE_CHECKING:
    from gradviz.cli.handover import Handover
    from gradviz.recorders.script import RunResult

NOTHING = "no backward() was recorded, so there is nothing to show."


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("-m", "module", is_flag=True, help="SCRIPT is the name of a module, as for python -m.")
@click.option("-o", "--output", metavar="FILE", help="Keep the recording.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--no-serve", is_flag=True, help="Only record; open it later with `gradviz show`.")
@click.option("--no-source", is_flag=True, help="Leave the text of your files out of the recording.")
@click.option("--every", type=click.IntRange(1), metavar="K", help="Keep every K-th pass only.")
@click.option("--first", type=click.IntRange(1), metavar="N", help="Of these keep the first N only.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="… or the last N; with --first, both.")
@click.option("--max-passes", type=click.IntRange(1), help="Stop recording after so many; default 10,000.")
@click.option("--max-values", type=click.IntRange(1), help="The same for all values; default 20,000,000.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")
@serving
@click.argument("script")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def run(
    script: str, args: tuple[str, ...], output: str | None, no_serve: bool, quiet: bool,
    host: str, port: int | None, token: str | None, open_browser: bool | None, **options: Any,
) -> int | Callable[[], Any]:  # fmt: skip
    """Run SCRIPT with ARGS as Python would, and record every backward().

    Options for gradviz come before SCRIPT. The exit code is the script's own.
    """
    if no_serve:
        path = output or free_name(script, options["module"])
        return lambda: record_here(script, args, path, quiet, **options)
    from gradviz.cli.child import record_and_serve

    server = {"host": host, "port": port, "token": token, "open_browser": open_browser}
    return record_and_serve(script, args, output, options, server)


def free_name(script: str, module: bool) -> str:
    """Give a name for a recording that does not exist yet: neuron.gradviz, neuron-2.gradviz, …"""
    stem = script if module else os.path.splitext(os.path.basename(script))[0]
    stem = stem.strip("-.") or "run"
    path, number = f"{stem}.gradviz", 2
    while os.path.lexists(path):
        path, number = f"{stem}-{number}.gradviz", number + 1
    return path


def recording_modules(target: str) -> None:
    """Import what records a script, before a fork or the script.

    Also what ``tell`` needs: an import after a script's end that makes a dataclass makes Python forget that a
    KeyboardInterrupt ended it.
    """
    from gradviz.cli.quiet import load_numpy

    load_numpy()
    from gradviz.recorders.classless import is_classless

    needed = ["gradviz.recorders.micrograd", "gradviz.recorders.script", "gradviz.renderers.escape"]
    for name in needed if is_classless(target) else [*needed, "gradviz.recorders.watch"]:
        import_module(name)


def record_here(
    script: str, args: tuple[str, ...], path: str, quiet: bool, *,
    module: bool, force: bool, no_source: bool, max_passes: int | None, max_values: int | None,
    every: int | None, first: int | None, last: int | None,
) -> Any:  # fmt: skip
    """Run a script in this very process, and give what it gives to ``sys.exit``."""
    recording_modules(script)
    from gradviz.cli.process import resume_collector
    from gradviz.recorders.keeping import Keep
    from gradviz.recorders.listener import Limits
    from gradviz.recorders.script import facts_of_run, run_script
    from gradviz.recording import Writer

    limits = Limits(max_passes or Limits.passes, max_values or Limits.values)
    keep = Keep(every or 1, first, last)
    facts = facts_of_run(script, args, module=module, limits=limits, keep=keep)
    writer = Writer(path, facts, overwrite=force)

    def conclude(result: RunResult) -> None:
        if result.kept == 0:
            os.unlink(writer.path)
            if result.outcome.started and not result.listener.refused and not quiet:
                tell(NOTHING)
        elif not quiet:
            tell(f"{_recorded(result)} recorded. Open with: gradviz show {path}")

    resume_collector()
    result = run_script(
        script,
        args,
        writer,
        module=module,
        limits=limits,
        sources=not no_source,
        wants=keep,
        until_exit=conclude,
    )
    return _status(result)


def record_pass(script: str, args: tuple[str, ...], handover: Handover) -> Any:
    """Run a script in this very process for the one pass that is to be handed over."""
    from gradviz.cli.process import resume_collector
    from gradviz.recorders.script import run_script

    resume_collector()
    return _status(run_script(script, args, handover, wants=handover.wants, until_exit=lambda result: None))


def _recorded(result: RunResult) -> str:
    plural = "pass" if result.passes == 1 else "passes"
    return (
        f"{result.passes:,} {plural}"
        if result.kept == result.passes
        else (f"{result.kept:,} of {result.passes:,} {plural}")
    )


def _status(result: RunResult) -> Any:
    from gradviz.cli.process import take_back

    take_back()
    if result.outcome.interrupted:
        raise KeyboardInterrupt
    return result.outcome.status
