"""Scripts that define no classes, told by their text: nothing of theirs has to be watched.

What watches foreign engines is a third of what recording loads, and it has to be there before the script
begins. So it is left away only where no class can come from anywhere: when in doubt, it is loaded.
"""

from __future__ import annotations

import os

_MAKE = ("class", "exec", "eval", "__builtins__", "\\\n", "\\\r", "\f")  # in any text, also in a comment
_FAMILIAR = frozenset(
    ("micrograd.engine", "micrograd.nn", "numpy", "numpy.random", "__future__", "argparse", "collections")
    + ("copy", "csv", "datetime", "functools", "itertools", "json", "math", "operator", "os", "os.path")
    + ("random", "re", "statistics", "string", "sys", "textwrap", "time", "typing", "warnings")
)  # modules that define no engine, and import nothing of the user's
_LONGEST = 1 << 20  # bytes


def is_classless(path: str) -> bool:
    """Whether a script is sure to define no class, and to import nothing that could."""
    try:
        if not path.endswith(".py") or os.path.getsize(path) > _LONGEST:
            return False
        with open(path, "rb") as file:
            text = _as_names(file.read())
    except (OSError, ValueError):
        return False
    folder = os.path.dirname(os.path.realpath(path))
    lines = text.splitlines()
    coded = any("coding" in line and "utf-8" not in line.lower() for line in lines[:2])
    return not (coded or any(word in text for word in _MAKE)) and all(
        name in _FAMILIAR and not _is_beside(folder, name.partition(".")[0])
        for line in lines
        if "import" in line
        for name in _imported(line)
    )


def _as_names(source: bytes) -> str:
    """A text with its letters as Python reads them in names, where a wide ``exec`` is ``exec``."""
    if source.isascii():
        return source.decode("ascii")
    from unicodedata import normalize

    return normalize("NFKC", source.decode("utf-8"))


def _imported(line: str) -> list[str]:
    """The modules that a line with the word import names; one without a name if that is not clear."""
    words = line.split()
    if words[0] == "from" and words[2:3] == ["import"]:
        return [words[1]]
    if words[0] == "import":
        return [(part.split() or [""])[0] for part in line.split("import", 1)[1].split(",")]
    return [""]


def _is_beside(folder: str, name: str) -> bool:
    """Whether a script's folder has a module of this name, which hides any other."""
    return name != "micrograd" and any(
        os.path.exists(os.path.join(folder, name + end)) for end in ("", ".py")
    )
