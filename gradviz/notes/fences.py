"""Finding notes in Markdown: ```` ```gradviz ```` fences, and those that ``gradviz md`` has drawn before.

It follows CommonMark as far as fences go: lists, longer fences, fences in other fences, indented code, HTML
comments and ``<pre>``, front matter. What stands in a quote (``>``) is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gradviz.notes.mistake import Mistake

HEAD, TAIL, END = "<!-- gradviz md drew: ", "-->", "<!-- /gradviz -->"

_FENCE = re.compile(r"(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_LANGUAGE = re.compile(
    r"\{\.?gradviz(?P<inside>[^}]*)\}(?P<after>.*)|(?P<python>python\s+)?gradviz(?P<rest>(?:\s.*)?)"
)
_MARKER = re.compile(r"(?:[-+*]|[0-9]{1,9}[.)])(?= |$)")
_RULE = re.compile(r"(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})")
_STARTS_BLOCK = re.compile(r"#{1,6}(?:\s|$)|>|```|~~~|[-+*] +\S|1[.)] +\S")
_NO_PARAGRAPH = re.compile(r"#{1,6}(?:\s|$)|=+\s*$|" + _RULE.pattern + r"\s*$|\s*$")
_HTML = {
    "<!--": "-->",
    "<pre": "</pre>",
    "<script": "</script>",
    "<style": "</style>",
    "<textarea": "</textarea>",
}
_ELEMENT = re.compile(  # CommonMark's blocks of kind 6, which end at an empty line
    r"</?(?:address|article|aside|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt"
    r"|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link"
    r"|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot"
    r"|th|thead|title|tr|track|ul)(?:\s|/?>|$)",
    re.IGNORECASE,
)
_TAG_ALONE = re.compile(r"</?[A-Za-z][^<>]*>\s*")  # of kind 7


@dataclass(frozen=True)
class Note:
    """One fence, and where it stands.

    Attributes:
        start, stop: its lines in the text, from 0, with all that was drawn for it.
        prefix: what stands before it on its first line; ``indent`` what stands before the others.
        opening: its first line; ``info`` the options there, as they were typed.
        body: the lines of its text as they stand in the document; ``source`` the text.
        drawn: what was drawn for it before, without indent.
    """

    start: int
    stop: int
    prefix: str
    indent: str
    opening: str
    info: str
    body: tuple[str, ...]
    source: str
    drawn: tuple[str, ...] = ()

    @property
    def first(self) -> int:
        """The number of the first line of its text in the document, from 1."""
        return self.start + 2


def language(info: str) -> str | None:
    """Give the options in a fence's first line, if it says ``gradviz``; None if it does not.

    >>> language('gradviz title="A"'), language("{gradviz} run.gradviz"), language("python gradviz")
    ('title="A"', 'run.gradviz', 'exec')
    """
    found = _LANGUAGE.fullmatch(info.strip())
    if found is None:
        return None
    parts = ["exec" if found["python"] else "", *(found[key] or "" for key in ("inside", "after", "rest"))]
    return " ".join(filter(None, map(str.strip, parts)))


def find(lines: list[str]) -> Iterator[Note]:
    """Give the notes among the lines of a text, which have no line ends.

    Raises:
        Mistake: a fence, or what was drawn for one, has no end; it says in which line of the text.
    """
    lists: list[int] = []  # the columns that the contents of the open lists begin in
    at = _after_front_matter(lines)
    paragraph = False  # whether one is open, which the next line may go on with
    while at < len(lines):
        line = lines[at].expandtabs(4)
        text = line.lstrip(" ")
        if not text.strip():
            at, paragraph = at + 1, False
            continue
        column = len(line) - len(text)
        staying = [inside for inside in lists if inside <= column]
        if not paragraph or (column - _last(staying) <= 3 and _interrupts(text)):
            lists = staying
        before = len(lists)
        column, text = _enter_lists(column, text, lists)
        inside, paragraph = _last(lists), paragraph and len(lists) == before
        if column - inside > 3:  # indented code, or a paragraph that goes on
            at += 1
            continue
        found = _FENCE.fullmatch(text)
        if text.startswith(HEAD):
            note = _drawn(lines, at, column)
            yield note
            at, paragraph = note.stop, False
        elif found:
            options = language(found["info"])
            stop, closed = _closing(lines, at + 1, found["fence"], inside)
            if options is not None:
                yield _note(lines, at, column, stop, closed, options)
            at, paragraph = stop + closed, False
        else:
            stop = _after_html(lines, at, text, inside, not paragraph)
            paragraph = stop == at and not _NO_PARAGRAPH.match(text)
            at = max(stop, at + 1)


def _after_front_matter(lines: list[str]) -> int:
    mark = lines[0].lstrip("\ufeff").rstrip() if lines else ""
    if mark not in ("---", "+++"):
        return 0
    ends = (mark, "...") if mark == "---" else (mark,)
    return next((k + 1 for k in range(1, len(lines)) if lines[k].rstrip() in ends), 0)


def _last(lists: list[int]) -> int:
    return lists[-1] if lists else 0


def _interrupts(text: str) -> bool:
    """Whether a line ends the paragraph before it, and with it the lists that it is not indented for."""
    starts = _STARTS_BLOCK.match(text) or _RULE.fullmatch(text.rstrip()) or _ELEMENT.match(text)
    return bool(starts) or text.lower().startswith(tuple(_HTML))


def _enter_lists(column: int, text: str, lists: list[int]) -> tuple[int, str]:
    """Go past the markers of lists that begin in this line."""
    while column - _last(lists) <= 3 and not _RULE.fullmatch(text.rstrip()):
        marker = _MARKER.match(text)
        if marker is None:
            break
        rest = text[marker.end() :].lstrip(" ")
        space = len(text) - marker.end() - len(rest)
        wide = marker.end() + (space if 1 <= space <= 4 and rest else 1)
        lists.append(column + wide)
        column, text = column + wide, text[wide:]
        if not rest:
            break
        column, text = column + len(text) - len(text.lstrip(" ")), text.lstrip(" ")
    return column, text


def _closing(lines: list[str], at: int, fence: str, inside: int) -> tuple[int, bool]:
    """The line that closes a fence, and True; or the first line after the list that it is in, and False."""
    end = re.compile(rf" {{0,{inside + 3}}}{re.escape(fence[0])}{{{len(fence)},}} *")
    for k in range(at, len(lines)):
        if _leaves(lines[k], inside):
            return k, False
        if end.fullmatch(lines[k].expandtabs(4).rstrip()):
            return k, True
    return len(lines), False


def _leaves(line: str, inside: int) -> bool:
    """Whether a line ends the list whose contents begin in column ``inside``."""
    spread = line.expandtabs(4)
    return bool(spread.strip()) and len(spread) - len(spread.lstrip(" ")) < inside


def _after_html(lines: list[str], at: int, text: str, inside: int, alone: bool) -> int:
    """The line after a block of HTML, in which Markdown means nothing; ``at`` if none begins here."""
    start = next((tag for tag in _HTML if text.lower().startswith(tag)), None)
    if start is not None:
        rest = text[len(start) :]
        while _HTML[start] not in rest.lower():
            at += 1
            if at == len(lines) or _leaves(lines[at], inside):
                return at
            rest = lines[at]
        return at + 1
    if _ELEMENT.match(text) or (alone and _TAG_ALONE.fullmatch(text)):
        at += 1
        while at < len(lines) and lines[at].strip() and not _leaves(lines[at], inside):
            at += 1
    return at


def _note(lines: list[str], at: int, column: int, stop: int, closed: bool, info: str) -> Note:
    if not closed:
        raise Mistake(
            "This fence is never closed.", "Close it with as many ` or ~ as it begins with.", line=at + 1
        )
    raw = lines[at]
    prefix = raw[: min(raw.index(mark) for mark in ("```", "~~~") if mark in raw)]
    indent = " " * column if prefix.strip() else prefix
    body = tuple(lines[at + 1 : stop])
    return Note(at, stop + 1, prefix, indent, raw[len(prefix) :], info, body, _source(body, column))


def _drawn(lines: list[str], at: int, column: int) -> Note:
    """Read back what ``gradviz md`` wrote."""
    prefix = lines[at][: lines[at].index(HEAD)]
    opening = shown(lines[at][len(prefix) + len(HEAD) :])
    fence = _FENCE.fullmatch(opening)
    info = language(fence["info"]) if fence else None
    following = enumerate((line.strip() for line in lines[at + 1 :]), at + 1)
    stop = next((k for k, line in following if line == TAIL), 0)
    end = next((k for k, line in following if line == END or line.startswith(HEAD)), 0)
    if info is None or not stop or not end or lines[end].strip() != END:
        what = f"What gradviz drew here has no fence, no {TAIL} or no {END} any more."
        raise Mistake(what, "Restore it.", line=at + 1)
    body = tuple(map(shown, lines[at + 1 : stop]))
    drawn = tuple(_less_indent(line, column).rstrip() for line in lines[stop + 1 : end])
    indent = " " * column if prefix.strip() else prefix
    return Note(at, end + 1, prefix, indent, opening, info, body, _source(body, column), drawn)


def _source(body: tuple[str, ...], column: int) -> str:
    return "\n".join(_less_indent(line, column) for line in body)


def _less_indent(line: str, column: int) -> str:
    """A line of a fence without the spaces that the fence itself is indented by."""
    spread = line.expandtabs(4) if "\t" in line[:column] else line
    return spread[min(column, len(spread) - len(spread.lstrip(" "))) :]


def hidden(line: str) -> str:
    """Write a line so that it does not end the comment that it stands in; ``shown`` reads it back.

    >>> hidden("a --> b"), shown(hidden("a --> b"))
    ('a --\\\\> b', 'a --> b')
    """
    return re.sub(r"--(!?\\*)>", r"--\1\\>", line)


def shown(line: str) -> str:
    """Read back what ``hidden`` wrote."""
    return re.sub(r"--(!?\\*)\\>", r"--\1>", line)
