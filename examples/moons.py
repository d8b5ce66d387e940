"""Two moons: a small network learns to tell them apart, ten points at a time."""

import random

from gradviz import data, losses, nn, optim, scope

PASSES = 50

points, labels = data.moons(100, noise=0.1, seed=0)
targets = [2 * label - 1 for label in labels]  # −1 and 1, as hinge loss wants them

model = nn.MLP(2, [16, 16, 1], activation="tanh", init="uniform", seed=0)
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
order = random.Random(0)
done = 0

while done < PASSES:
    for inputs, wanted in data.batches(points, targets, size=10, seed=order):
        scores = [model(point) for point in inputs]
        margin = losses.hinge(scores, wanted)
        with scope("weight decay"):
            penalty = 1e-4 * sum(p * p for p in model.parameters())
        loss = margin + penalty

        optimizer.zero_grad()  # or the gradients of the last pass would add up
        loss.backward()
        optimizer.step()

        hits = sum((s.data > 0) == (t > 0) for s, t in zip(scores, wanted, strict=True))
        done += 1
        if done % 10 == 0:
            print(f"pass {done:2d}  loss {loss.data:.4f}  accuracy {hits / len(wanted):.0%}")

hits = sum((model(point).data > 0) == (t > 0) for point, t in zip(points, targets, strict=True))
print(f"accuracy on all {len(points)} points: {hits / len(points):.0%}")
