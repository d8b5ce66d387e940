"""A dataclass whose division forgot the minus of the quotient rule."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(eq=False)
class Scalar:
    data: float
    inputs: tuple = ()
    op: str = ""
    grad: float = 0.0
    slopes: list = field(default_factory=list)

    def __add__(self, other: Scalar) -> Scalar:
        return Scalar(self.data + other.data, (self, other), "+", slopes=[1.0, 1.0])

    def __mul__(self, other: Scalar) -> Scalar:
        return Scalar(self.data * other.data, (self, other), "*", slopes=[other.data, self.data])

    def __truediv__(self, other: Scalar) -> Scalar:
        slopes = [1 / other.data, self.data / other.data**2]
        return Scalar(self.data / other.data, (self, other), "/", slopes=slopes)

    def backward(self) -> None:
        order: list[Scalar] = []

        def visit(node: Scalar) -> None:
            if all(node is not seen for seen in order):
                for one in node.inputs:
                    visit(one)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for one, slope in zip(node.inputs, node.slopes):
                one.grad += node.grad * slope


a, b, c = Scalar(3.0), Scalar(2.0), Scalar(-5.0)
q = a / b
loss = (q + c) * a + c / q
loss.backward()
