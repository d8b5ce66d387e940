"""How the drawing looks: sizes, how text is fitted, and the face of scale, palette and style sheet."""

from __future__ import annotations

from gradviz.renderers.css import css
from gradviz.renderers.palette import TOKENS, colours, ramp, width
from gradviz.renderers.scale import LEVELS, Legend, Level, Scale, level_of, scale_of

__all__ = [
    "ADVANCE",
    "CARD",
    "GROUP",
    "GROUP_WIDTHS",
    "LABELLED",
    "LEVELS",
    "SIZE",
    "TOKENS",
    "Legend",
    "Level",
    "Scale",
    "colours",
    "css",
    "fit",
    "fit_number",
    "level_of",
    "ramp",
    "scale_of",
    "text_width",
    "width",
]

LABELLED = 80  # edges; beyond them only the current edge shows its number
CARD = (124.0, 62.0)  # px: the card of one value
GROUP = (168.0, 123.0)  # px: the card of a folded scope
SIZE = {"card": CARD, "group": GROUP}
WIDTHS = (124.0, 150.0, 176.0, 202.0, 228.0)  # px: the few that a card may take: calm columns
GROUP_WIDTHS = (168.0, 196.0, 224.0)  # the same for a folded scope
ADVANCE = 0.602  # em: how far a monospace font steps, the same for every character
ELLIPSIS = "…"


def text_width(text: str, size: float) -> float:
    """Measure monospace text in px."""
    return len(text) * size * ADVANCE


def fit(text: str, size: float, room: float) -> str:
    """Shorten monospace text in its middle until it fits into ``room`` px; both its ends tell more.

    >>> fit("x1*w1 + x2*w2 + b", 12.5, 70)
    'x1*w… + b'
    """
    most = max(int((room + 0.01) / (size * ADVANCE)), 1)
    if len(text) <= most:
        return text
    head = most // 2
    return text[:head] + ELLIPSIS + text[len(text) - (most - head - 1) :]


def fit_number(text: str, size: float, room: float) -> str:
    """Shorten the text of a value without touching a digit: of an array only its shape is left.

    >>> fit_number("16×3 · -1.5 … 2", 11.5, 70)
    '16×3'
    """
    return text if text_width(text, size) <= room + 0.01 else fit(text.split(" · ")[0], size, room)
