"""``gradviz examples``: small scripts to start from."""

from __future__ import annotations

import ast
import json
import os
from difflib import get_close_matches
from importlib.resources import files

import click

from gradviz.errors import GradvizError, NotFoundError

NOTEBOOK = ".ipynb"


@click.command()
@click.argument("name", required=False)
@click.option("--copy", metavar="DIR", help="Copy NAME, or all of them, to this folder.")
@click.option("--force", is_flag=True, help="Overwrite files in DIR.")
def examples(name: str | None, copy: str | None, force: bool) -> None:
    """List the examples, print one, or copy them."""
    found = sources()
    if name is not None and name.removesuffix(".py") not in found:
        near = get_close_matches(name, found, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(found)}."
        raise NotFoundError(f"There is no example {name!r}.", hint)
    chosen = list(found) if name is None else [name.removesuffix(".py")]
    if copy is not None:
        for each in chosen:
            click.echo(copied(copy, each if each.endswith(NOTEBOOK) else f"{each}.py", found[each], force))
    elif name is not None:
        click.echo(found[chosen[0]], nl=False)
    else:
        width = max(map(len, found), default=0)
        for each, text in found.items():
            click.echo(f"{each:<{width}}  {_title(each, text)}")


def sources() -> dict[str, str]:
    """Give the text of every example by name; a notebook's name ends with .ipynb."""
    here = files("gradviz.examples")
    wanted = (item for item in here.iterdir() if item.name.endswith((".py", NOTEBOOK)))
    scripts = sorted(wanted, key=lambda item: item.name)
    return {
        item.name.removesuffix(".py"): item.read_text(encoding="utf-8")
        for item in scripts
        if not item.name.startswith("_")
    }


def _title(name: str, text: str) -> str:
    """What an example says of itself in a line."""
    if name.endswith(NOTEBOOK):
        text = "".join(json.loads(text)["cells"][0]["source"]).lstrip("# ")
    else:
        text = ast.get_docstring(ast.parse(text)) or ""
    return text.partition("\n")[0]


def copied(folder: str, name: str, text: str, force: bool) -> str:
    """Write one example and give its path."""
    path = os.path.join(folder, name)
    try:
        os.makedirs(folder, exist_ok=True)
        with open(path, "w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise GradvizError(f"{path} exists already.", "Choose another folder, or --force.") from None
    except OSError as error:
        raise GradvizError(f"{path} cannot be written: {error.strerror}.") from None
    return path
