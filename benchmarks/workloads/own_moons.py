"""micrograd_moons.py in gradviz's own words: python own_moons.py [PASSES [SAMPLES]]"""

import sys

from gradviz import data, losses, nn, optim

words = sys.argv[1:]
passes, samples = int(words[0]) if words else 1, int(words[1]) if len(words) > 1 else 100
points, labels = data.moons(samples, noise=0.1, seed=1337)
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
