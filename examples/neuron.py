"""One neuron, by hand: o = tanh(x1·w1 + x2·w2 + b), and what each input does to it."""

from gradviz import Parameter, Value

# What the neuron reads, and what it has learned.
x1 = Value(2.0, name="x1")
x2 = Value(0.0, name="x2")
w1 = Parameter(-3.0, name="w1")
w2 = Parameter(1.0, name="w2")
b = Parameter(6.8813735870195432, name="b")

# Forward: every result remembers the operation and the inputs that made it.
x1w1 = x1 * w1
x1w1.name = "x1·w1"
x2w2 = x2 * w2
x2w2.name = "x2·w2"
n = x1w1 + x2w2 + b
n.name = "n"
o = n.tanh()
o.name = "o"

# Backward: from o to every value, by the chain rule.
o.backward()

print(f"o = {o.data:.4f}")
for value in (x1, w1, x2, w2, b):
    print(f"∂o/∂{value.name} = {value.grad:g}".replace("-", "−"))
