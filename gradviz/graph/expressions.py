"""What stands in the user's source where a value was made: "x1*w1". A label for those without a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gradviz.graph.facts import OP, Span

if TYPE_CHECKING:
    from gradviz.graph import Graph

LONGEST = 32  # characters of an expression that still reads as a name


class Expressions:
    """The source expressions of one graph, by node.

    An expression that made several values names each with its number, ``wi*xi n57``. One that ran several
    ops, such as a call, names what came out of it, and not what it was made from.

    Attributes:
        texts: the expressions that are short enough for a label.
        code: per node an index into them, or -1.
        alone: per text, whether it names one node.
    """

    def __init__(self, graph: Graph) -> None:
        texts = _texts(graph.spans, graph.sources)
        self.texts = [text for text in dict.fromkeys(texts) if text]
        index = {text: k for k, text in enumerate(self.texts)}
        of_span = np.array([index.get(text, -1) for text in texts], dtype=np.int64)
        self.code = of_span[graph.source] if self.texts else np.full(len(graph), -1)
        self.code[graph.kind != OP] = -1
        if self.texts:
            self.code[_inside(graph)] = -1
            self.code[list(graph.names)] = -1
        self.alone = np.bincount(self.code[self.code >= 0], minlength=len(self.texts)) == 1

    def of(self, node: int) -> str:
        """The expression that made a node; "" if it is not known, too long, or no name for it."""
        code = int(self.code[node])
        if code < 0:
            return ""
        return self.texts[code] if self.alone[code] else f"{self.texts[code]} n{node}"

    def names_alone(self, node: int) -> bool:
        """Whether a node has an expression that made no other."""
        code = int(self.code[node])
        return code >= 0 and bool(self.alone[code])

    def nodes(self) -> list[int]:
        """The nodes that have one."""
        nodes: list[int] = np.flatnonzero(self.code >= 0).tolist()
        return nodes


def _inside(graph: Graph) -> np.ndarray:
    """The nodes that another one of the same expression reads, if that ran several ops."""
    made, ops = graph.kind == OP, len(graph.op_names)
    pairs = np.bincount(graph.source[made] * np.int64(ops) + graph.op[made], minlength=len(graph.spans) * ops)
    several = np.count_nonzero(pairs.reshape(-1, ops), axis=1) > 1
    place = graph.source[graph.consumer]
    return np.asarray(graph.input[(graph.source[graph.input] == place) & several[place]])


def _texts(spans: tuple[Span | None, ...], sources: Mapping[str, str]) -> list[str]:
    lines: dict[str, list[str]] = {}
    for span in spans if sources else ():
        if span and span.file not in lines:
            lines[span.file] = sources.get(span.file, "").split("\n")
    return [_text(span, lines[span.file]) if span and span.file in lines else "" for span in spans]


def _text(span: Span, lines: list[str]) -> str:
    """The text of a place in one line, if it is short; columns count bytes of UTF-8."""
    if span.end_line != span.line or not 0 < span.line <= len(lines):
        return ""
    text = lines[span.line - 1].encode("utf-8", "surrogatepass")[span.column : span.end_column]
    found = text.decode("utf-8", "replace").strip()
    return found if len(found) <= LONGEST else ""
