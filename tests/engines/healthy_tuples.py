"""Inputs in tuples, slots, powers of plain numbers; no bug."""

import math


class Var:
    __slots__ = ("data", "grad", "inputs", "op", "rule")

    def __init__(self, data, inputs=(), op="", rule=None):
        self.data, self.grad = float(data), 0.0
        self.inputs, self.op, self.rule = inputs, op, rule

    def __add__(self, other):
        other = as_var(other)
        return Var(self.data + other.data, (self, other), "add", lambda g: (g, g))

    def __mul__(self, other):
        other = as_var(other)
        return Var(self.data * other.data, (self, other), "mul", lambda g: (g * other.data, g * self.data))

    def __pow__(self, k):
        return Var(self.data**k, (self,), f"**{k}", lambda g: (g * k * self.data ** (k - 1),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_var(other)

    def __truediv__(self, other):
        return self * as_var(other) ** -1

    def exp(self):
        e = math.exp(self.data)
        return Var(e, (self,), "exp", lambda g: (g * e,))

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for i in v.inputs:
                    visit(i)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            if v.rule:
                for i, g in zip(v.inputs, v.rule(v.grad)):
                    i.grad += g


def as_var(x):
    return x if isinstance(x, Var) else Var(x)


x = Var(0.75)
e = (x * 2).exp()
loss = ((e - 1) / (e + 1)) ** 2 + x * x
loss.backward()
