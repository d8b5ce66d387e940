"""How many values a recording holds: python count.py FILE. Prints JSON."""

import json
import sys

from gradviz import Recording

with Recording.open(sys.argv[1]) as recording:
    print(json.dumps({"values": sum(one.node_count for one in recording.passes)}))
