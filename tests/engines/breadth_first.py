"""backward() goes breadth first: a value passes its gradient on before all of it is there."""


class Value:
    def __init__(self, data, _prev=(), _op="", label=""):
        self.data, self.grad = data, 0.0
        self._prev, self._op, self.label = _prev, _op, label
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
        self.grad = 1.0
        queue, visited = [self], {self}
        while queue:
            node = queue.pop(0)
            node._backward()
            for child in node._prev:
                if child not in visited:
                    visited.add(child)
                    queue.append(child)


a, b = Value(2.0, label="a"), Value(-3.0, label="b")
c = a * b
c.label = "c"
d = c + a
e = d * b
loss = c + e
loss.backward()
