"""An activation that says tanh, computes the sigmoid, and differentiates the sigmoid."""

import math


class Value:
    def __init__(self, data, inputs=(), op="", label=""):
        self.data, self.grad, self.label = data, 0.0, label
        self.inputs, self.op = inputs, op
        self._backward = lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def tanh(self):
        s = 1 / (1 + math.exp(-self.data))
        out = Value(s, (self,), "tanh")

        def _backward():
            self.grad += s * (1 - s) * out.grad

        out._backward = _backward
        return out

    def backward(self):
        order, seen = [], set()

        def walk(v):
            if v not in seen:
                seen.add(v)
                for i in v.inputs:
                    walk(i)
                order.append(v)

        walk(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()


x, b = Value(0.5, label="x"), Value(1.0, label="b")
h = (x + b).tanh()
loss = (h + x).tanh()
loss.backward()
