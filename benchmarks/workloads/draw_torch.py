"""net.py in torch scalars, and its picture by torchviz: python draw_torch.py FILE.svg NIN NOUT [NOUT ...]"""

import random
import sys
from pathlib import Path

import torch
from torchviz import make_dot


def scalar():
    return torch.tensor(random.uniform(-1, 1), dtype=torch.float64, requires_grad=True)


def layer(xs, nout, last):
    outs = []
    for _ in range(nout):
        total = scalar()
        for x in xs:
            total = total + scalar() * x
        outs.append(total if last else total.relu())
    return outs


random.seed(1337)
out, nin, *nouts = Path(sys.argv[1]), *map(int, sys.argv[2:])
xs = [scalar() for _ in range(nin)]
for k, nout in enumerate(nouts):
    xs = layer(xs, nout, k == len(nouts) - 1)
loss = (1 - xs[0]) ** 2
loss.backward()
out.write_bytes(make_dot(loss).pipe(format="svg"))
