"""A value that is used more than once: the gradients of its uses add up."""

from gradviz import Value

# Twice in one operation: both inputs of + are a, and each passes 1 back, so the gradient is 2.
a = Value(3.0, name="a")
b = a + a
b.name = "b"
b.backward()
print(f"a + a: ∂b/∂a = {a.grad:g}")

# Twice in one product: each input receives the other, a + a = 2a.
a = Value(3.0, name="a")
c = a * a
c.name = "c"
c.backward()
print(f"a · a: ∂c/∂a = {a.grad:g}")

# In two places: along one path through d, along another through e. What arrives at a is the sum.
a = Value(3.0, name="a")
d = a * 2
d.name = "d"
e = a.tanh()
e.name = "e"
f = d * e
f.name = "f"
f.backward()
through_d = 2 * e.data
through_e = (1 - e.data**2) * d.data
print(f"2a · tanh(a): {through_d:.4f} through d + {through_e:.4f} through e = {a.grad:.4f}")
