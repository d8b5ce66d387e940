"""A class per operation; no bug."""

import math


class Tensor:
    def __init__(self, data, creator=None):
        self.data, self.creator, self.grad = data, creator, None

    @property
    def parents(self):
        return self.creator.inputs if self.creator else ()

    @property
    def op(self):
        return type(self.creator).__name__ if self.creator else ""

    def __add__(self, other):
        return Add()(self, other)

    def __mul__(self, other):
        return Mul()(self, other)

    def tanh(self):
        return Tanh()(self)

    def backward(self):
        self.grad = 1.0
        order, seen = [], set()

        def visit(t):
            if id(t) in seen:
                return
            seen.add(id(t))
            for parent in t.parents:
                visit(parent)
            order.append(t)

        visit(self)
        for t in reversed(order):
            if t.creator:
                for parent, grad in zip(t.parents, t.creator.backward(t.grad)):
                    parent.grad = grad if parent.grad is None else parent.grad + grad


class Function:
    def __call__(self, *inputs):
        self.inputs = inputs
        return Tensor(self.forward(*(i.data for i in inputs)), self)


class Add(Function):
    def forward(self, a, b):
        return a + b

    def backward(self, g):
        return g, g


class Mul(Function):
    def forward(self, a, b):
        return a * b

    def backward(self, g):
        return g * self.inputs[1].data, g * self.inputs[0].data


class Tanh(Function):
    def forward(self, a):
        self.out = math.tanh(a)
        return self.out

    def backward(self, g):
        return (g * (1 - self.out**2),)


a, b = Tensor(0.5), Tensor(-1.25)
c = a * b + a
loss = (c * c).tanh() + c * b
loss.backward()
