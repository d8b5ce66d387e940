"""Exclusive or: the smallest problem that needs a hidden layer."""

from gradviz import data, losses, nn, optim

points, labels = data.xor()
targets = [2 * label - 1 for label in labels]  # −1 and 1, the two ends of tanh

model = nn.MLP(2, [4, 1], activation=["tanh", "tanh"], seed=3)
optimizer = optim.SGD(model.parameters(), lr=0.5)

for step in range(100):
    # All four points at once: batch gradient descent.
    predictions = [model(point) for point in points]
    loss = losses.mse(predictions, targets)

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(f"step {step:3d}  loss {loss.data:.4f}")

predictions = [model(point).data for point in points]
errors = sum((p > 0) != (label == 1) for p, label in zip(predictions, labels, strict=True))
for (a, b), p in zip(points, predictions, strict=True):
    print(f"{a:g} xor {b:g} = {p > 0:d}   ({p:+.3f})")
print(f"{errors} errors")
