"""What an op's text may mean: rows of the op table to be tried, most likely first. The numbers decide."""

from __future__ import annotations

import re
from functools import cache

from gradviz.frozen import Frozen
from gradviz.ops import OPS


class Meaning(Frozen):
    """One reading of an op's text: a row of the table, and the second operand if it stands in the text."""

    op: str
    constant: float | None = None


_SPELLINGS = {
    "add": "+ add plus addition sum iadd radd",
    "sub": "- − – sub minus subtract subtraction isub rsub",
    "mul": "* × · x mul mult multiply multiplication times prod product imul rmul",
    "div": "/ ÷ div divide division truediv idiv rdiv rtruediv",
    "neg": "- − neg negate negative negation usub",
    "pow": "** ^ pow power rpow",
    "exp": "exp e^ e^x e**x exponential",
    "log": "log ln logarithm",
    "sqrt": "sqrt √ root squareroot",
    "abs": "abs |x| || fabs absolute",
    "sigmoid": "sigmoid σ sig logistic expit",
    "relu": "relu rectifier max(0,x) max(x,0) max",
    "leaky_relu": "leakyrelu lrelu",
    "step": "step heaviside threshold",
    "gelu_tanh": "gelutanh gelu newgelu",
    "silu": "silu swish",
    "hardtanh": "hardtanh clip clamp",
    "maximum": "maximum max",
    "minimum": "minimum min",
    "matmul": "matmul @ mm dot bmm",
    "sum": "sum Σ ∑ total",
    "mean": "mean avg average",
    "prod": "prod product",
    "transpose": "transpose t ᵀ .t",
    "reshape": "reshape view flatten squeeze unsqueeze",
    "log_softmax": "logsoftmax",
    "concat": "concat cat concatenate",
}
_EXPONENTS = {"square": 2.0, "sq": 2.0, "squared": 2.0, "²": 2.0, "cube": 3.0, "cubed": 3.0, "³": 3.0}
_EXPONENTS |= dict.fromkeys(("inv", "inverse", "reciprocal", "recip", "1/x"), -1.0)
_NUMBER = r"\(?([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\)?"
# Compiled when they are first asked: most runs meet no foreign op.
_POWER = rf"x?(?:\*\*|\^|pow(?:er)?)(?:\(x,|\()?{_NUMBER}\)?"
_WITH_NUMBER = rf"x?([-+*/×÷]|add|sub|mul|div){_NUMBER}"
_WRAPPED = r"(?:backward\d*|function|node|op|layer|val|value)$"

_BY_TEXT: dict[str, list[str]] = {}
for _name, _texts in ({name: name.replace("_", "") for name in OPS} | _SPELLINGS).items():
    for _text in {*_texts.split(), _name.replace("_", "")}:
        _BY_TEXT.setdefault(_text, []).append(_name)


@cache
def meanings_of(text: str) -> tuple[Meaning, ...]:
    """Give the rows of the table that an op's text may stand for; none if it is unknown.

    >>> meanings_of("**2"), meanings_of("ReLU")[0].op, meanings_of("__rsub__")[0].op, meanings_of("sin")
    ((Meaning(op='pow', constant=2.0),), 'relu', 'sub', ())
    """
    plain = re.sub(r"\s+", "", text).strip("_").lower().replace("_", "")
    for word in (plain, re.sub(_WRAPPED, "", plain)):
        if word in _EXPONENTS:
            return (Meaning("pow", _EXPONENTS[word]),)
        if word in _BY_TEXT:
            return tuple(map(Meaning, _BY_TEXT[word]))
        if found := re.fullmatch(_POWER, word):
            return (Meaning("pow", float(found[1])),)
        if found := re.fullmatch(_WITH_NUMBER, word):
            return tuple(
                Meaning(m.op, float(found[2])) for m in meanings_of(found[1]) if OPS[m.op].arity == 2
            )
    return ()
