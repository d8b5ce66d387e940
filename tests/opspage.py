"""docs/ops.md from the op table. Write it with: python tests/opspage.py"""

from __future__ import annotations

from pathlib import Path

from gradviz.operation import Op
from gradviz.ops import ROWS

PAGE = Path(__file__).parent.parent / "docs" / "ops.md"

HEAD = """# Operations

Every operation gradviz knows. The page is made from the table in `gradviz/ops.py` by `tests/opspage.py`.
`x` and `y` are the inputs, `z` the result, and `g`, where it occurs, the gradient that arrives. At kinks the
table follows PyTorch. Tests compare each row with PyTorch, with differences, and with 50-digit arithmetic.

"""


def page() -> str:
    """Give the text of the page."""
    groups = {
        "Of single numbers, element by element on arrays": [op for op in ROWS if op.elementwise],
        "Of whole arrays": [op for op in ROWS if not op.elementwise],
    }
    return HEAD + "\n".join(_section(title, ops) for title, ops in groups.items())


def _section(title: str, ops: list[Op]) -> str:
    lines = [
        f"## {title}\n",
        "| op | drawn as | value | local derivatives | how the gradient passes |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, ops), ""])


def _line(op: Op) -> str:
    attrs = ", ".join(f"{key}={value!r}" for key, value in op.attrs.items())
    name = f"`{op.name}`" + (f" ({attrs})" if attrs else "")
    words = op.sentence + (f" Convention: {op.kink}." if op.kink else "")
    cells = name, op.symbol, _code(op.formula), " · ".join(map(_code, op.derivative)), words
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
