"""The expression form of a note: ``L = tanh(x1*w1 + b)``, one a line: a grammar of its own.

    line        = [["param" | "input"] NAME "="] expression
    expression  = expression ("+" | "-") expression            weakest, to the left
                | expression ("*" | "/" | "@") expression      to the left
                | ("-" | "+") expression
                | expression ("**" | "^") expression           strongest, to the right
                | NUMBER | NAME | "(" expression ")"
                | NAME "(" [expression {"," expression}] ")"
                | "[" expression {"," expression} "]"

``#`` starts a comment; a line goes on while a bracket is open. Precedence is Python's. Nothing is executed.
The parser keeps its own stack, so that no nesting is too deep for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from gradviz.notes.tokens import Token, tokens_of

KINDS = ("param", "input")
BINARY = {
    "+": ("add", 1),
    "-": ("sub", 1),
    "*": ("mul", 2),
    "/": ("div", 2),
    "@": ("matmul", 2),
    "**": ("pow", 4),
    "^": ("pow", 4),
}
_SIGN = 3
_CLOSING = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class Step:
    """One step of a computation on a stack.

    Attributes:
        does: "number", "name", "list", or "call" for an op or a function.
        name: what is called or meant.
        value: the number.
        count: how many it takes from the stack.
        token: where it stands.
    """

    does: str
    token: Token
    name: str = ""
    value: float = 0.0
    count: int = 0


@dataclass(frozen=True)
class Statement:
    """One line: the steps that compute it, and what to call the result."""

    steps: list[Step]
    first: Token
    name: str = ""
    kind: str = ""


def parse(source: str) -> list[Statement]:
    """Read the lines.

    Raises:
        Mistake: the text does not follow the grammar, or is too long; it says where.
    """
    statements: list[Statement] = []
    line: list[Token] = []
    opened = 0
    for token in tokens_of(source):
        if token.kind != "end":
            line.append(token)
            opened += (token.text in _CLOSING) - (token.text in _CLOSING.values())
        elif line and (opened <= 0 or not token.text):
            statements.append(_statement(line, token))
            line, opened = [], 0
    return statements


def _statement(tokens: list[Token], end: Token) -> Statement:
    first, kind, name = tokens[0], "", ""
    if len(tokens) > 1 and first.text in KINDS and tokens[1].kind == "name":
        kind, tokens = first.text, tokens[1:]
    if len(tokens) > 1 and tokens[1].text == "=":
        if tokens[0].kind != "name":
            raise tokens[0].mistake(f"{tokens[0].text!r} is no name to give to a value.")
        name, tokens = tokens[0].text, tokens[2:]
    if kind and not name:
        raise first.mistake(f"After {kind} comes a name, = and a number.")
    return Statement(_Parser(end).steps(tokens), first, name, kind)


@dataclass
class _Operator:
    """An operator that waits for its last operand."""

    token: Token
    name: str
    strength: int
    count: int


@dataclass
class _Bracket:
    """A bracket that is open: of a function's arguments, of a list, or around an expression."""

    token: Token
    function: Token | None = None
    count: int = 1


class _Parser:
    """Turns one line into steps, by the strength of its operators."""

    def __init__(self, end: Token) -> None:
        self.end, self.last = end, end
        self.done: list[Step] = []
        self.waiting: list[_Operator | _Bracket] = []

    def steps(self, tokens: list[Token]) -> list[Step]:
        """Read the whole line."""
        ready = False  # whether a value has just ended
        for token, following in pairwise([*tokens, self.end]):
            ready = self._after_value(token) if ready else self._value(token, following)
            self.last = token
        self._finish(0)
        if self.waiting:
            raise self.waiting[-1].token.mistake(f"{self.waiting[-1].token.text!r} is never closed.")
        if not ready:
            raise self.end.mistake("A value is missing here.")
        return self.done

    def _value(self, token: Token, following: Token) -> bool:
        """Take what may stand where a value begins; give whether it is a whole one."""
        top = self.waiting[-1] if self.waiting else None
        if token.kind == "number":
            self.done.append(Step("number", token, value=token.number()))
        elif token.kind == "name" and following.text == "(":
            return False  # its bracket will know
        elif token.kind == "name":
            self.done.append(Step("name", token, token.text))
        elif token.text in _CLOSING:
            called = token.text == "(" and self.last.kind == "name"
            self.waiting.append(_Bracket(token, self.last if called else None))
            return False
        elif token.text in ("-", "+"):
            self.waiting.append(_Operator(token, "neg" if token.text == "-" else "", _SIGN, 1))
            return False
        elif token.text == ")" and isinstance(top, _Bracket) and top.function and self.last is top.token:
            top.count = 0
            self._close(token)
        else:
            raise token.mistake(f"A value is missing before {token.text!r}.")
        return True

    def _after_value(self, token: Token) -> bool:
        """Take what may stand after a value; give whether a value has ended again."""
        if token.text in BINARY:
            name, strength = BINARY[token.text]
            self._finish(strength + 1 if name == "pow" else strength)
            self.waiting.append(_Operator(token, name, strength, 2))
            return False
        if token.text in (")", "]"):
            self._finish(0)
            self._close(token)
            return True
        if token.text == ",":
            self._finish(0)
            bracket = self.waiting[-1] if self.waiting else None
            if not isinstance(bracket, _Bracket) or (bracket.token.text == "(" and not bracket.function):
                raise token.mistake("',' stands between arguments and in lists only.")
            bracket.count += 1
            return False
        if token.text == "=":
            raise token.mistake("'=' stands after the one name that a line begins with.")
        raise token.mistake(f"An operator is missing before {token.text!r}.")

    def _finish(self, strength: int) -> None:
        """Apply the operators that are at least so strong."""
        while self.waiting and isinstance(top := self.waiting[-1], _Operator) and top.strength >= strength:
            self.waiting.pop()
            last = self.done[-1] if self.done else None
            if top.name == "neg" and last and last.does == "number":
                self.done[-1] = Step("number", top.token, value=-last.value)  # -3 is a number
            elif top.name:
                self.done.append(Step("call", top.token, top.name, count=top.count))

    def _close(self, token: Token) -> None:
        bracket = self.waiting.pop() if self.waiting else None
        if not isinstance(bracket, _Bracket) or _CLOSING[bracket.token.text] != token.text:
            raise token.mistake(f"{token.text!r} closes nothing.")
        if bracket.token.text == "[":
            self.done.append(Step("list", bracket.token, count=bracket.count))
        elif bracket.function:
            self.done.append(Step("call", bracket.function, bracket.function.text, count=bracket.count))
