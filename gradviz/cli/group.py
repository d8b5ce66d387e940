"""The words of the command line, and what stands before them."""

from __future__ import annotations

import os
from importlib import import_module

import click

from gradviz import __version__

# The word, and the module that has it as a click command; modules are imported when their word is used.
COMMANDS = {
    "run": "run a script and debug its backpropagation in the browser",
    "show": "open a recording, or run a script and open what it recorded",
    "export": "draw one moment of a pass, or a walk: pictures, print, HTML, data, text",
    "md": "draw the gradviz fences of Markdown files",
    "steps": "print the steps of a pass, one a line",
    "check": "look for what goes wrong in training",
    "examples": "list, print or copy the examples",
    "doctor": "say what gradviz finds on this machine",
}


class Words(click.Group):
    """Commands by name; a file in the place of a command is run or shown."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All words, in the order in which one needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one word."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"gradviz.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the words without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant."""
        word = args[0]
        is_path = os.path.exists(word) or os.sep in word or word.endswith((".py", ".gradviz"))
        if word not in COMMANDS and is_path:
            args = ["run" if word.endswith(".py") else "show", *args]
        elif word not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(word, COMMANDS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"The commands are {', '.join(COMMANDS)}."
            ctx.fail(f"There is no command and no file {word!r}. {hint}")
        return super().resolve_command(ctx, args)


@click.command(cls=Words, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="gradviz", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show gradviz's own tracebacks.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Debug backpropagation: step through the graph, every value and every gradient.

    \b
      gradviz run train.py          run a script, then open it in the browser
      gradviz run.gradviz           open what was recorded before
      gradviz export train.py -o graph.svg
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False
    elif os.environ.get("FORCE_COLOR"):
        ctx.color = True
