"""The lecture's gradients by hand, one of them wrong: d.grad should be f.data, −2."""


class Value:
    def __init__(self, data, _children=(), _op="", label=""):
        self.data, self.grad, self.label = data, 0.0, label
        self._prev, self._op = set(_children), _op

    def __repr__(self):
        return f"Value(data={self.data})"

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), "+")

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), "*")


a = Value(2.0, label="a")
b = Value(-3.0, label="b")
c = Value(10.0, label="c")
e = a * b
e.label = "e"
d = e + c
d.label = "d"
f = Value(-2.0, label="f")
loss = d * f
loss.label = "L"

loss.grad = 1.0
f.grad = 4.0
d.grad = 2.0
c.grad = 2.0
e.grad = 2.0
a.grad = -6.0
b.grad = 4.0
