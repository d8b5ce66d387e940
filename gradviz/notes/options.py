"""The options of a note: the same names on a fence's first line, at the top of its text, and in a directive.

```gradviz title="A neuron" depth=1
alt: one neuron with its gradients
L = tanh(2*0.5)
```
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from gradviz.notes.mistake import Mistake, nearest

LONGEST = 2_000  # characters of one value
SCRIPTS = (".py", ".ipynb")
FILES = (".gradviz", *SCRIPTS)
_PIXELS = {"": 1.0, "px": 1.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "pt": 96 / 72}
_YES, _NO = ("", "yes", "true", "on", "1"), ("no", "false", "off", "0")

_INFO = re.compile(
    r"""\s*(?P<key>[^\s=:"'{}]+)(?:(?:=|:\s*)(?:"(?P<d>[^"]*)"|'(?P<s>[^']*)'|(?P<p>[^\s"']*)))?(?=\s|$)"""
)
_HEAD = re.compile(r"(?P<mark>#\|\s*|:)?(?P<key>[A-Za-z][\w-]*):(?:\s+(?P<value>.*?))?\s*")


class Length(NamedTuple):
    """A width: a number and its unit."""

    number: float
    unit: str

    def __str__(self) -> str:
        return f"{self.number:g}{self.unit or 'px'}"

    @property
    def attribute(self) -> str:
        """For ``<img width="…">``, which knows pixels and per cent."""
        return f"{self.number:g}%" if self.unit == "%" else f"{self.number * _PIXELS[self.unit]:.0f}"


class Option(NamedTuple):
    """One option: what it is for, and how its text is read."""

    meaning: str
    read: Callable[[str], Any] = str


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("a whole number, 0 or more")
    return int(text)


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise ValueError("a whole number; a negative one counts from the end")
    return int(text)


def _flag(text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise ValueError("yes or no")
    return text.lower() in _YES


def _length(text: str) -> Length:
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) ?(px|in|cm|mm|pt|%|)", text)
    if not found or not float(found[1]):
        raise ValueError("a width such as 600, 80% or 12cm")
    return Length(float(found[1]), found[2])


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return read


def _picture(text: str) -> str:
    from gradviz.renderers import RENDERERS

    return _one_of(*(name for name, row in RENDERERS.items() if row.media_type.startswith("image/")))(text)


OPTIONS: dict[str, Option] = {
    "title": Option("the name of the picture, which appears when one points at it"),
    "alt": Option("what it shows, for those who do not see it; by default a summary of the graph"),
    "caption": Option("a line below it"),
    "width": Option("how wide it is: 600, 80%, 12cm", _length),
    "theme": Option("auto (as the reader prefers), light or dark", _one_of("auto", "light", "dark")),
    "step": Option("the moment: after so many steps, of the phase if there is one", _count),
    "phase": Option("the moment: the end of this phase", _one_of("forward", "order", "backward", "update")),
    "depth": Option("open scopes down to this depth", _count),
    "format": Option("svg or another picture", _picture),
    "player": Option("can be stepped through, where the host allows it", _flag),
    "root": Option("the name to go back from; by default the last line", str),
    "backward": Option("no: show values without gradients", _flag),
    "file": Option("a recording, or with --exec a script, instead of a text"),
    "pass": Option("which pass of it; negative counts from the end", _whole),
    "exec": Option("the text is Python, to be run; `python` is the same", _flag),
}


def words(info: str) -> list[tuple[str, str | None]]:
    """Split a fence's first line into words and ``key=value`` pairs; a word alone has None.

    Raises:
        Mistake: something is neither.

    >>> words('gradviz title="A neuron" depth=1 player')
    [('gradviz', None), ('title', 'A neuron'), ('depth', '1'), ('player', None)]
    """
    found, at, info = [], 0, info.strip()
    while at < len(info):
        match = _INFO.match(info, at)
        if match is None:
            raise Mistake(
                f"{info[at:].strip()[:40]!r} is no option.", 'Options are written key=value or key="a value".'
            )
        at = match.end()
        value = next((text for text in match.group("d", "s", "p") if text is not None), None)
        found.append((match["key"], value))
    return found


def options_of(pairs: Iterable[tuple[str, str | None]]) -> dict[str, str | None]:
    """Give the options of a first line; a word that names a recording or a script is ``file``.

    Raises:
        Mistake: one is given twice.
    """
    options: dict[str, str | None] = {}
    for key, value in pairs:
        if value is None and key.endswith(FILES):
            key, value = "file", key
        if key in options:
            raise Mistake(f"{key} is given twice.")
        options[key] = value
    return options


def settle(source: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Read all options of a note.

    Args:
        source: its text, which may begin with lines such as ``title: A neuron``, ``:title: A neuron`` (as in
            MyST) or, in Python, ``#| title: A neuron`` (as in Quarto).
        given: what its first line or its directive says, as text; True for a word alone.

    Returns:
        The options that were given, read, and the text with its option lines made empty.

    Raises:
        Mistake: an option is unknown, given twice, or has no such value.
    """
    raw = {key: "" if value in (None, True) else str(value) for key, value in given.items()}
    if "python" in raw:
        raw["exec"] = raw.pop("python")
    python = raw.get("exec", "no").lower() in _YES
    lines = source.split("\n")
    places: dict[str, int] = {}
    taken = 0
    for line in lines:
        match = _HEAD.fullmatch(line.rstrip("\r"))
        if match is None or (python and not (match["mark"] or "").startswith("#")):
            break
        taken += 1
        key = match["key"]
        if key in raw:
            raise Mistake(f"{key} is given twice.", line=taken)
        raw[key], places[key] = _unquoted(match["value"] or ""), taken
    options = {key: _read(key, value, places.get(key, 0)) for key, value in raw.items()}
    return options, "\n" * taken + "\n".join(lines[taken:])


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]
    return text[1:-1] if quoted else text


def _read(key: str, value: str, line: int) -> Any:
    if key not in OPTIONS:
        raise Mistake(f"There is no option {key[:40]!r}.", nearest(key, OPTIONS, "options"), line=line)
    if len(value) > LONGEST:
        raise Mistake(f"{key} is longer than {LONGEST:,} characters.", line=line)
    try:
        return OPTIONS[key].read(value)
    except ValueError as error:
        raise Mistake(f"{key}={value[:40]!r} is not possible: {key} is {error}.", line=line) from None
