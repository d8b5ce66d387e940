"""A weight is changed after the forward pass, before backward(): its rule uses the new number."""


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

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

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


a, b = Value(3.0, label="a"), Value(-2.0, label="b")
loss = a * a + a * b
a.data = 100.0
loss.backward()
