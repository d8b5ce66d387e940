"""exp passes its own derivative on and forgets to multiply by what came back."""

import math


class Value:
    def __init__(self, data, inputs=(), op="", name=""):
        self.data, self.grad, self.name = data, 0.0, name
        self.inputs, self.op = inputs, op
        self._backward = lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def exp(self):
        out = Value(math.exp(self.data), (self,), "exp")

        def _backward():
            self.grad += out.data

        out._backward = _backward
        return out

    def backward(self):
        order, seen = [], set()

        def walk(v):
            if v in seen:
                return
            seen.add(v)
            for i in v.inputs:
                walk(i)
            order.append(v)

        walk(self)
        self.grad = 1.0
        for v in order[::-1]:
            v._backward()


x, y = Value(0.5, name="x"), Value(-1.5, name="y")
e1, e2 = (x * y).exp(), (x + y).exp()
loss = e1 * e2 + e1 * y
loss.backward()
