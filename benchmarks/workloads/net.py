"""One pass of a network on one sample, in micrograd's API: python net.py NIN NOUT [NOUT ...]"""

import random
import sys

from micrograd.engine import Value
from micrograd.nn import MLP

random.seed(1337)
nin, *nouts = map(int, sys.argv[1:])
model = MLP(nin, nouts)
loss = (1 - model([Value(random.uniform(-1, 1)) for _ in range(nin)])) ** 2
loss.backward()
