"""Formulas in the reader's own names: how a node was made, with symbols and with numbers; its derivatives."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from gradviz.graph import Graph, Number
from gradviz.graph.labels import ATOM
from gradviz.numbers import short
from gradviz.operation import Op
from gradviz.ops import OPS
from gradviz.summary import shape_text, text_of

LONGEST = 40  # characters of a name inside a sentence
LONGEST_ROOT = 8  # characters of a root's name that still reads well under ∂
MANY = 4  # inputs of an n-ary op that are written out

_ATOM = re.compile(r"[\w.\[\]'\"]+|\w[\w.]*\([^()]*\)")
_QUOTIENT = re.compile(r"[*/@%]")
_SIGN = re.compile(r"\W+")  # an op's text that is written between two operands
_SUM = re.compile(r"(?<=[\w)\]])(?<![\d.][eE])\s*[-+]")  # not of 1e-5
_LETTER = re.compile(r"(?<![A-Za-z_])[gxyzc](?![A-Za-z_(])")  # \b would take z² for one word
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def called(graph: Graph, node: int) -> str:
    """The label of a node, cut where it would fill the sentence."""
    label = graph.label(node)
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"


def loss_name(graph: Graph) -> str:
    """What stands for the root in ∂L/∂x: its name if it is short, else L."""
    name = graph.names.get(graph.root, "")
    return name if 0 < len(name) <= LONGEST_ROOT else "L"


def gradient(graph: Graph, node: int) -> str:
    """∂L/∂node."""
    top = loss_name(graph)
    return f"∂{top}/∂{top if node == graph.root else bracketed(called(graph, node))}"


def shape_of(value: Number | None) -> tuple[int, ...]:
    """The axes of a value; none for a number or nothing."""
    return value.shape if isinstance(value, np.ndarray) else ()


def bracketed(text: str) -> str:
    """``text`` in brackets, unless it is one name, number or call."""
    return text if _ATOM.fullmatch(text) else f"({text})"


def expression(graph: Graph, node: int) -> str:
    """How a node was made, its inputs by name: "x1*w1 + b"; "" for a leaf."""
    return _written(graph, node, [called(graph, i) for i in _inputs(graph, node)])


def expression_in_numbers(graph: Graph, node: int) -> str:
    """How a node was made, its inputs as numbers: "-6 + 6.881"; shapes where they are arrays."""
    return _written(graph, node, [_amount(graph, i) for i in _inputs(graph, node)])


def equation(graph: Graph, node: int) -> str:
    """Label and expression, "n = x1*w1 + b"; the label alone if it says all."""
    label, made = called(graph, node), expression(graph, node)
    return label if made == "" or _same(label, made) else f"{label} = {made}"


def _same(label: str, made: str) -> bool:
    """Whether two texts differ in nothing but spaces and the outer brackets."""
    return label.replace(" ", "").strip("()") == made.replace(" ", "").strip("()")


def derivative(graph: Graph, node: int, slot: int) -> str:
    """The local derivative to one input in the reader's names: "1 − o²"; "" for an unknown op.

    For an op without an elementwise form this is its whole vjp, in terms of the incoming gradient.
    """
    op = OPS.get(graph.op_of(node))
    if op is None:
        return ""
    text = op.derivative[min(slot, len(op.derivative) - 1)]
    for name, value in {**op.attrs, **graph.attrs.get(node, {})}.items():
        if isinstance(value, (int, float)):
            text = re.sub(rf"\b{name}\b", short(value), text)
    names = dict(zip("cxy" if op.name == "where" else "xy", _inputs(graph, node), strict=False))
    words = {letter: called(graph, i) for letter, i in names.items()} | {"z": called(graph, node)}
    words["g"] = gradient(graph, node)
    pretty = typeset(text)
    if pretty in words:
        return words[pretty]
    return _LETTER.sub(lambda match: bracketed(words.get(match[0], match[0])), pretty)


def vjp_is_whole(graph: Graph, node: int) -> bool:
    """Whether the derivative of this node's op already contains the incoming gradient."""
    op = OPS.get(graph.op_of(node))
    return op is not None and any(re.search(r"\bg\b", text) for text in op.derivative)


@lru_cache(maxsize=256)  # of the op table's formulas; a step needs one
def typeset(text: str) -> str:
    """A formula of the op table as people write it.

    >>> typeset("1 - z**2"), typeset("-x/y**2"), typeset("y * x**(y - 1)"), typeset("1/(2*z)")
    ('1 − z²', '−x/y²', 'y · x^(y − 1)', '1/(2·z)')
    """
    text = re.sub(r"\*\*(\d+)", lambda match: match[1].translate(_SUPERSCRIPT), text)
    text = text.replace("**", "^").replace(" * ", " · ").replace("*", "·").replace("-", "−")
    text = text.replace("sqrt(", "√(").replace("Phi", "Φ").replace("phi", "φ")
    return text.replace(".T", "ᵀ")


def _inputs(graph: Graph, node: int) -> list[int]:
    """The inputs of a node, and of very many as many as tell that there are more than are written out."""
    start, stop = graph.input_start[node : node + 2].tolist()
    inputs: list[int] = graph.input[start : min(stop, start + MANY + 1)].tolist()
    return inputs


def _amount(graph: Graph, node: int) -> str:
    data = graph.data_of(node)
    return shape_text(shape) if (shape := shape_of(data)) else text_of(data)


def _written(graph: Graph, node: int, parts: list[str]) -> str:
    """The source form of a node's op around ``parts``."""
    name = graph.op_of(node)
    if not parts:
        return ""
    op = OPS.get(name)
    if op is None or op.arity != len(parts):
        if len(parts) == 2 and _SIGN.fullmatch(name):
            return f" {name} ".join(map(bracketed, parts))
        more = ", …" if len(parts) > MANY else ""
        return f"{name}({', '.join(parts[:MANY])}{more})"
    return op.code.format(*(_fitted(op, slot, part) for slot, part in enumerate(parts)))


def _fitted(op: Op, slot: int, part: str) -> str:
    """One operand, in brackets where the source form needs them."""
    if op.precedence >= ATOM and not op.code.startswith("{"):
        return part
    if part.startswith("-") and _ATOM.fullmatch(part[1:]):
        return f"({part})" if slot or op.precedence > 2 else part
    is_sum = _SUM.search(part) and (slot or op.precedence > 1)
    is_factor = slot and op.precedence == 2 and _QUOTIENT.search(part)  # a/(b*c)
    return bracketed(part) if is_sum or is_factor or op.precedence > 2 else part
