"""``python -m gradviz``."""

import os
import sys

# Python has put the folder it was started in, or gradviz/ itself, in front of everything, where a click.py of
# the user's or our numbers.py would be found first. The script's own folder takes this place when it is run.
if not sys.flags.safe_path:
    sys.path[0] = os.path.dirname(os.__file__)

from gradviz.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
