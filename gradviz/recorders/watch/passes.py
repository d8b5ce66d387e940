"""Follows ``backward``: what gradients were before, and the Graph it leaves behind, also when it raises."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from types import FrameType, FunctionType
from typing import Any

from gradviz.recorders.duck.seen import Seen
from gradviz.recorders.duck.shape import BACKWARD, mro_of, vars_of
from gradviz.recorders.watch.capture import Capture
from gradviz.recorders.watch.rules import Rules, gradients, reached
from gradviz.recorders.watch.single import serves_one
from gradviz.recorders.watch.unseen import unseen, without_ours

Home = tuple[Any, str]  # a class or a module's variables, and the name there


class Passes:
    """Wraps what runs backward: methods of watched classes, and functions that are given a value.

    One pass is one outermost call. A ``backward`` that calls the ``backward`` of other nodes is put back in
    its place meanwhile, so that recursion is no deeper than it was.
    """

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self._now = threading.local()
        self._functions: dict[int, tuple[dict[str, Any], str, FunctionType, Any]] = {}
        self._known: dict[int, Any] = {}  # by id: what is wrapped, or wraps
        self._alike: dict[tuple[int, str], list[type]] = {}  # a class, and those that override its method

    def watch(self, cls: type) -> None:
        """Follow the backward methods that a class defines."""
        for name in BACKWARD:
            method = vars_of(cls).get(name)
            if type(method) is not FunctionType or id(method) in self._known:
                continue
            if not self._is_rule(cls, name, method):
                type.__setattr__(cls, name, self._following(method))

    def enter(self, variables: dict[str, Any]) -> None:
        """Follow functions of a module that are named as what runs backward."""
        for name in BACKWARD:
            function = variables.get(name)
            if type(function) is FunctionType and id(function) not in self._known:
                self._known[id(function)] = function
                code, module = function.__code__, str(function.__module__)
                if code.co_argcount and not module.startswith("gradviz.") and not serves_one(function):
                    ours = self._following(function)
                    self._functions[id(ours)] = variables, name, function, ours
                    variables[name] = ours

    def put_back(self) -> None:
        """Give modules their functions again. Classes end with the script that made them."""
        for variables, name, function, ours in self._functions.values():
            if variables.get(name) is ours:
                variables[name] = function

    def _is_rule(self, cls: type, name: str, method: FunctionType) -> bool:
        """Whether a method is the rule of one op, which something else runs, and no pass.

        It is if its code says so (``serves_one``), or if it calls no other node's, and what it overrides does
        nothing or is overridden by others too.
        """
        above = [base for base in mro_of(cls)[1:] if type(vars_of(base).get(name)) is FunctionType]
        single = serves_one(method)
        if not above or name in method.__code__.co_names:
            return single
        alike = self._alike.setdefault((id(above[-1]), name), [above[-1]])
        alike.append(cls)
        first = vars_of(above[-1])[name]
        if len(alike) == 2 and not _does_nothing(getattr(first, "__wrapped__", first)):
            return single
        for other in alike[:-1]:
            self._unwrap(other, name)
        return True

    def _unwrap(self, cls: type, name: str) -> None:
        method = vars_of(cls)[name]
        if id(method) in self._known and hasattr(method, "__wrapped__"):
            type.__setattr__(cls, name, method.__wrapped__)

    def _following(self, method: FunctionType) -> Any:
        now, begin = self._now, self._begin

        def backward(*args: Any, **kwargs: Any) -> Any:
            around = getattr(now, "running", None)
            if around is not None:
                around.step_aside(args, backward, method)
                return method(*args, **kwargs)
            try:
                running = begin(args, sys._getframe(1))
                if running is None:
                    return method(*args, **kwargs)
                try:
                    now.running = running
                    return method(*args, **kwargs)
                except BaseException as error:
                    running.error = error
                    raise
                finally:
                    now.running = None
                    running.end()
            except BaseException as error:
                error.__traceback__ = without_ours(error.__traceback__)
                raise

        ours = unseen(wraps(method)(backward))
        self._known[id(method)], self._known[id(ours)] = method, ours
        return ours

    def _begin(self, args: tuple[Any, ...], frame: FrameType) -> Running | None:
        """Begin to follow a call, if it is given a value of a watched class."""
        if not args or not self.capture.is_value(args[0]):
            return None
        return Running(self.capture, args[0], frame)


class Running:
    """A pass under way.

    Attributes:
        error: what it raised.
    """

    def __init__(self, capture: Capture, root: Any, frame: FrameType) -> None:
        self.capture, self.root = capture, root
        self.error: BaseException | None = None
        self._aside: list[tuple[Home, Any]] = []
        self._prior: dict[int, float] = {}
        self._reach: list[int] = []
        self._rules: Rules | None = None
        self._wanted = False
        self._frame: FrameType | None = frame
        capture.guarded(self._begin)

    def step_aside(self, args: tuple[Any, ...], ours: Any, method: FunctionType) -> None:
        """Put a method back in its place while it calls itself."""
        for base in mro_of(type(args[0])) if args else ():
            if vars_of(base).get(method.__name__) is ours:
                type.__setattr__(base, method.__name__, method)
                self._aside.append(((base, method.__name__), ours))

    def end(self) -> None:
        """Record what the pass has left."""
        if self._rules is not None:
            self._rules.put_back()
        for (base, name), ours in self._aside:
            type.__setattr__(base, name, ours)
        if self._wanted:
            self.capture.guarded(self._end, self._frame)
        self.capture.look_ahead()
        self._frame = None

    def _begin(self) -> None:
        if not self.capture.begin():
            return
        objects = reached(self.root)
        self._reach = list(map(id, objects))
        self._prior = gradients(objects)
        self._rules = Rules(objects)
        self._wanted = True

    def _end(self) -> None:
        rules, frame = self._rules, self._frame
        assert rules is not None and frame is not None
        failed = rules.failed
        if self.error is not None and failed is None:
            failed = _failed_in(self.error, self.capture.is_value)
        error = (failed, self.error) if failed is not None and self.error is not None else None
        seen = Seen(prior=self._prior, ran=rules.ran, error=error, backward=True)
        self.capture.take(self.root, seen, self._reach, frame)


def _does_nothing(method: FunctionType) -> bool:
    """Whether a method is there to be overridden: it passes, or raises NotImplementedError."""
    return set(method.__code__.co_names) <= {"NotImplementedError"}


def _failed_in(error: BaseException, is_value: Callable[[Any], bool]) -> int | None:
    """The node whose rule raised, as far as the variables of the innermost frames tell."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    for frame in reversed(frames):
        for held in _candidates(frame.f_locals):
            if is_value(held):
                return id(held)
    return None


def _candidates(variables: dict[str, Any]) -> Iterator[Any]:
    """What is most likely the node at work: the result that a rule was made for, else its object."""
    for name in ("out", "result", "res", "node", "v", "self"):
        if name in variables:
            yield variables[name]
