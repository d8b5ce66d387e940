"""Multiplication passes each input its own data instead of the other's."""


class Node:
    def __init__(self, value, parents=(), op=""):
        self.value, self.parents, self.op = value, list(parents), op
        self.grad = 0.0
        self.back = None

    def __add__(self, other):
        out = Node(self.value + other.value, (self, other), "+")

        def back():
            self.grad += out.grad
            other.grad += out.grad

        out.back = back
        return out

    def __mul__(self, other):
        out = Node(self.value * other.value, (self, other), "*")

        def back():
            self.grad += self.value * out.grad
            other.grad += other.value * out.grad

        out.back = back
        return out

    def backward(self):
        order = []

        def visit(node):
            if node not in order:
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            if node.back:
                node.back()


x, w, b = Node(2.0), Node(-3.0), Node(0.75)
y = x * w + b
loss = y * b
loss.backward()
