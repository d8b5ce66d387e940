"""``gradviz md``: pictures for the notes in Markdown."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import click

from gradviz.cli.terminal import tell
from gradviz.errors import GradvizError

_POLL = 0.3  # seconds between looks at the files
_LEFT_ALONE = "Those in quotes (>), in comments, in other fences and in indented code are left alone."


class Wishes(NamedTuple):
    """The options of the command."""

    output: str | None
    allow_exec: bool
    prune: bool
    strict: bool
    force: bool


@click.command()
@click.option("-o", "--output", metavar="FILE", help="Where to; - is standard output. Else FILE itself.")
@click.option("--exec", "allow_exec", is_flag=True, help="Run the notes that are Python.")
@click.option("--watch", is_flag=True, help="Stay, and draw again whenever a file is saved.")
@click.option("--prune", is_flag=True, help="Remove pictures that no document beside them shows any more.")
@click.option("--strict", is_flag=True, help="Write nothing, and fail, if anything cannot be drawn.")
@click.option("--force", is_flag=True, help="Overwrite an output that gradviz did not write.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def md(
    files: tuple[str, ...], output: str | None, watch: bool, **options: bool,
) -> int:  # fmt: skip
    """Draw the gradviz fences of Markdown files to pictures in img/ beside them.

    A fence stays in the document, in a comment: change it there, and run this again.
    """
    if output is not None and len(files) > 1:
        raise click.UsageError("With -o, give one FILE.")
    if output == "-" and watch:
        raise click.UsageError("--watch needs a file to write: -o FILE.")
    wishes = Wishes(output, **options)
    if watch:
        stay(files, wishes)
    drawn = [draw(file, wishes) for file in files]
    if len(files) == 1 and not drawn[0].notes:
        tell(f"{files[0]} has no gradviz fence to draw. {_LEFT_ALONE}")
    return int(wishes.strict and any(one.errors for one in drawn))


class Drawn(NamedTuple):
    """What came of one file: what is wrong, the files it reads, how many notes it has; if it was written."""

    errors: list[str]
    reads: set[str]
    notes: int
    wrote: bool = False


def draw(path: str, wishes: Wishes) -> Drawn:
    """Draw the notes of one file, and write it with its pictures.

    Raises:
        GradvizError: a file cannot be read or written, or a fence has no end.
    """
    from gradviz.notes.files import prune, read, write, write_pictures
    from gradviz.notes.mistake import Mistake
    from gradviz.notes.rewrite import rewrite

    text, mark = read(path)
    goal = path if wishes.output in (None, "-") else wishes.output or ""
    target = os.path.dirname(os.path.realpath(goal))
    previous = "" if goal == path or not os.path.isfile(goal) else read(goal)[0]
    try:
        written = rewrite(
            text,
            file=path,
            folder=os.path.dirname(os.path.abspath(path)),
            target=target,
            previous=previous,
            allow_exec=wishes.allow_exec,
        )
    except Mistake as mistake:
        raise GradvizError(f"{path}:{mistake.line}: {mistake.message}", mistake.hint) from None
    for error in written.errors:
        tell(error)
    if wishes.strict and written.errors:
        return Drawn(written.errors, written.files_read, written.notes)
    refuse_foreign(goal, previous, written.text, wishes.force)
    write_pictures(target, written.files)
    data = mark + written.text.encode()
    wrote = False
    if wishes.output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        if goal == path and read(path) != (text, mark):
            raise GradvizError(f"{path} changed while it was drawn.", "Draw it again.")
        wrote = write(goal, data)
    if (wrote or written.files) and written.notes:
        tell(f"{goal}: {_told(written.files, written.names, written.missing)}.")
    for gone in prune(target, written.names) if wishes.prune else ():
        tell(f"removed {gone}")
    return Drawn(written.errors, written.files_read, written.notes, wrote)


def _told(drawn: Iterable[str], shown: Iterable[str], missing: int) -> str:
    """How many of the pictures of a document were drawn now, and how many players were written with them."""
    from gradviz.renderers.wording import counted

    new, all_of_it = ([name.endswith(".html") for name in names] for names in (drawn, shown))
    players = f", {counted(sum(new), 'player')} written" if any(new) else ""
    return f"{new.count(False)} of {counted(all_of_it.count(False) + missing, 'picture')} drawn{players}"


def refuse_foreign(goal: str, previous: str, text: str, force: bool) -> None:
    """Refuse to overwrite what somebody else may have written.

    Raises:
        GradvizError: nothing in the file says that ``gradviz md`` wrote it, and nobody said ``--force``.
    """
    from gradviz.notes.fences import END

    if previous not in ("", text) and END not in previous and not force:
        raise GradvizError(
            f"{goal} exists, and gradviz md did not write it.", "Choose another name, or --force."
        )


def stay(files: Iterable[str], wishes: Wishes) -> None:
    """Draw each file now, and again after each change, until Ctrl-C."""
    tell("watching; stop with Ctrl-C.")
    seen: dict[str, list[object]] = {}
    reads: dict[str, set[str]] = {}
    while True:
        for path in files:
            stamps = _stamps(path, reads)
            if seen.get(path) == stamps:
                continue
            seen[path] = stamps  # from before it is read: what is saved meanwhile is seen the next time
            try:
                drawn = draw(path, wishes)
            except GradvizError as error:
                tell(str(error))
                continue
            known, reads[path] = reads.get(path), drawn.reads
            if drawn.wrote or known != drawn.reads:
                seen[path] = _stamps(path, reads)
        time.sleep(_POLL)


def _stamps(path: str, reads: Mapping[str, set[str]]) -> list[object]:
    return [_stamp(file) for file in (path, *sorted(reads.get(path, ())))]


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size
