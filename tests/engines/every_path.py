"""micrograd's first release: each value calls its children's backward(), so shared ones run once per path."""


class Value:
    def __init__(self, data, children=()):
        self.data = data
        self.grad = 0
        self.backward = lambda: None
        self._prev = children
        self._op = ""

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))
        out._op = "+"

        def backward():
            self.grad += out.grad
            other.grad += out.grad
            self.backward()
            other.backward()

        out.backward = backward
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))
        out._op = "*"

        def backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
            self.backward()
            other.backward()

        out.backward = backward
        return out


a = Value(3.0)
b = a + a
c = b * a
loss = b + c
loss.grad = 1
loss.backward()
