"""Markdown with pictures for its notes: what ``gradviz md`` writes.

    <!-- gradviz md drew: ```gradviz
    L = tanh(2*0.5)
    -->

    ![Computation graph of L: …](img/gradviz-0123456789abcdef.svg)

    <!-- /gradviz -->

The fence stands in a comment: nobody who reads the document sees it, and whoever writes it changes it there.
No line of it begins like a fence, for some parsers look for fences in comments too. What is written is read
back, so that doing it again changes nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from gradviz.notes.fences import END, HEAD, TAIL, Note, find, hidden
from gradviz.notes.figures import Figure, figure, key_of
from gradviz.notes.mistake import Mistake
from gradviz.notes.options import options_of, words
from gradviz.renderers.escape import visible

IMAGES = "img"  # the folder of pictures, beside the document
_BOX = "> **gradviz:**"
_LINK = re.compile(rf"{IMAGES}/(gradviz-[0-9a-f]{{16}}\.[a-z]+)")


@dataclass
class Written:
    """A document with its pictures.

    Attributes:
        text: the Markdown.
        files: new pictures by name.
        names: all pictures that the text shows, by name.
        errors: what is wrong, each with file and line.
        files_read: the recordings and scripts that the notes name.
        notes: how many there are; ``missing``: how many of them have no picture.
    """

    text: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    files_read: set[str] = field(default_factory=set)
    notes: int = 0
    missing: int = 0


def rewrite(
    text: str, *, file: str, folder: str, target: str, previous: str = "", allow_exec: bool = False
) -> Written:
    """Draw the notes of a document.

    Args:
        text: the Markdown.
        file: its name, for messages.
        folder: where relative files are looked for.
        target: the folder that the result goes to: a picture that is there already is not drawn again.
        previous: the last result, which knows the words for these pictures.
        allow_exec: whether Python may run.

    Raises:
        Mistake: a fence has no end; nothing can be said about what follows it.
    """
    lines = text.split("\n")
    ready = _ready(text, target) | _ready(previous, target)
    writer = _Writer(file, folder, ready, allow_exec)
    out: list[str] = []
    at = 0
    for note in find([line.removesuffix("\r") for line in lines]):
        ending = "\r" if lines[note.start].endswith("\r") else ""
        out += lines[at : note.start]
        out += [line + ending for line in writer.block(note)]
        at = note.stop
        if at == len(lines):  # the text ended without a newline
            out[-1] = out[-1].removesuffix("\r")
    writer.written.text = "\n".join([*out, *lines[at:]])
    return writer.written


def _ready(text: str, target: str) -> dict[str, tuple[str, ...]]:
    """What was drawn before without complaint, by its key, as far as its pictures are still there."""
    found: dict[str, tuple[str, ...]] = {}
    try:
        for note in find([line.removesuffix("\r") for line in text.split("\n")]):
            names = _LINK.findall("\n".join(note.drawn))
            there = all(os.path.isfile(os.path.join(target, IMAGES, name)) for name in names)
            if names and there and not any(line.startswith(_BOX) for line in note.drawn):
                found[names[0][len("gradviz-") :].partition(".")[0]] = note.drawn
    except Mistake:
        pass  # of the text itself, it will be told; the previous result is replaced
    return found


class _Writer:
    """Writes the blocks of one document, and collects what belongs to them."""

    def __init__(
        self, file: str, folder: str, ready: Mapping[str, tuple[str, ...]], allow_exec: bool
    ) -> None:
        self.file, self.folder, self.ready, self.allow_exec = file, folder, ready, allow_exec
        self.written = Written()

    def block(self, note: Note) -> Iterator[str]:
        """Give the lines that stand for a note."""
        self.written.notes += 1
        yield note.prefix + HEAD + hidden(note.opening)
        yield from map(hidden, note.body)
        yield note.indent + TAIL
        for line in self._drawn(note):
            yield note.indent + line if line else ""
        yield note.indent + END

    def _drawn(self, note: Note) -> Sequence[str]:
        try:
            options = options_of(words(note.info))
        except Mistake as mistake:
            return self._framed(note, Figure(error=str(mistake), reason=str(mistake)))
        if options.get("file"):
            self.written.files_read.add(os.path.join(self.folder, options["file"] or ""))
        known = self.ready.get(key_of(note.source, options, self.folder))
        if known:
            self.written.names.update(_LINK.findall("\n".join(known)))
            return known
        drawn = figure(note.source, options, allow_exec=self.allow_exec, folder=self.folder)
        return self._framed(note, drawn)

    def _framed(self, note: Note, drawn: Figure) -> list[str]:
        """The box and the picture, each with an empty line before and after it."""
        lines: list[str] = []
        if drawn.error:
            # The line in the file changes with what is drawn above, so it is told to who calls, not written.
            line = note.first - 1 + drawn.line
            column = f":{drawn.column}" if drawn.column else ""
            self.written.errors.append(f"{self.file}:{line}{column}: {drawn.reason}")
            lines += ["", *_box(drawn)]
        if drawn.picture:
            lines += ["", *_picture(drawn, self.written)]
            self.written.names.update(_LINK.findall("\n".join(lines)))
        else:
            self.written.missing += 1
        return [*lines, ""]


def _picture(drawn: Figure, written: Written) -> Iterator[str]:
    link = f"{IMAGES}/{drawn.file_name}"
    written.files[drawn.file_name] = drawn.picture
    title = f' "{_attribute(drawn.title)}"' if drawn.title else ""
    image = f"![{_text(drawn.alt)}]({link}{title})"
    if drawn.width:
        title = f' title="{_attribute(drawn.title)}"' if drawn.title else ""
        alt = _attribute(drawn.alt)
        image = f'<img src="{link}" alt="{alt}" width="{drawn.width.attribute}"{title}>'
    if drawn.player:
        page = drawn.file_name.removesuffix(drawn.extension) + ".html"
        written.files[page] = drawn.player.encode()
        image = f"[{image}]({IMAGES}/{page})"
    yield image
    if drawn.caption:
        yield from ("", f"*{_text(drawn.caption)}*")


def _box(drawn: Figure) -> Iterator[str]:
    yield f"{_BOX} {_text(drawn.error or '')}"
    if drawn.excerpt:
        longest = max(map(len, re.findall("`+", drawn.excerpt)), default=0)
        fence = "`" * max(3, longest + 1)
        yield from (">", f"> {fence}text", *(f"> {line}" for line in drawn.excerpt.split("\n")), f"> {fence}")


def _text(text: str) -> str:
    """Text that Markdown shows as it is, wherever it stands in a line."""
    safe = re.sub(r"[\\\[\]`*_]", r"\\\g<0>", " ".join(visible(text).split()))
    safe = re.sub(r"&(?=#?\w+;)", "&amp;", safe)
    for char, entity in (("<", "&lt;"), (">", "&gt;"), ("$", "&#36;"), ("~", "&#126;")):
        safe = safe.replace(char, entity)
    return safe


def _attribute(text: str) -> str:
    return escape(" ".join(visible(text).split())).replace("$", "&#36;")
