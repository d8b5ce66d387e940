"""net.py and then its picture by micrograd-viz: python draw.py FILE.svg NIN NOUT [NOUT ...]

`micrograd` must be micrograd-viz, which has the same import name.
"""

import runpy
import sys
from pathlib import Path

from micrograd import draw_dot

out = Path(sys.argv.pop(1))
loss = runpy.run_path(str(Path(__file__).with_name("net.py")))["loss"]
out.write_bytes(draw_dot(loss).pipe(format="svg"))
