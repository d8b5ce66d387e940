"""micrograd_moons.py in gradviz's own words: python own_moons.py [PASSES]"""

import sys

from gradviz import data, losses, nn, optim

passes = int(sys.argv[1]) if len(sys.argv) > 1 else 1
points, labels = data.moons(100, noise=0.1, seed=1337)
targets = [2 * label - 1 for label in labels]
model = nn.MLP(2, [16, 16, 1], activation="relu", init="uniform", seed=1337)
optimizer = optim.SGD(model.parameters(), lr=0.1)

for step in range(passes):
    scores = [model(point) for point in points]
    loss = losses.hinge(scores, targets) + 1e-4 * sum(p * p for p in model.parameters())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"step {step} loss {loss.data}")
