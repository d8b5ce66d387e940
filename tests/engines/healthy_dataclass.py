"""A dataclass whose rules are kept beside the inputs; no bug."""

from dataclasses import dataclass, field


@dataclass(eq=False)
class Scalar:
    value: float
    parents: tuple = ()
    op: str = ""
    grad: float = 0.0
    local: list = field(default_factory=list)

    def __add__(self, other):
        return Scalar(self.value + other.value, (self, other), "+", local=[1.0, 1.0])

    def __sub__(self, other):
        return Scalar(self.value - other.value, (self, other), "-", local=[1.0, -1.0])

    def __mul__(self, other):
        return Scalar(self.value * other.value, (self, other), "*", local=[other.value, self.value])

    def __truediv__(self, other):
        slopes = [1 / other.value, -self.value / other.value**2]
        return Scalar(self.value / other.value, (self, other), "/", local=slopes)

    def relu(self):
        return Scalar(max(0.0, self.value), (self,), "relu", local=[1.0 if self.value > 0 else 0.0])

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((parent, False) for parent in node.parents)
        self.grad = 1.0
        for node in reversed(order):
            for parent, slope in zip(node.parents, node.local):
                parent.grad += slope * node.grad


a, b, c = Scalar(3.0), Scalar(-2.0), Scalar(0.5)
d = (a - b) / c + (a * a - b).relu()
loss = d * d / a - (b * c).relu()
loss.backward()
