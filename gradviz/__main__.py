"""``python -m gradviz``, and the program ``gradviz``: the command line in a process of its own."""

import os
import sys

# Python has put the folder it was started in, or gradviz/ itself, in front of everything, where a click.py of
# the user's or our numbers.py would be found first. The script's own folder takes this place when it is run.
if not sys.flags.safe_path:
    sys.path[0] = os.path.dirname(os.__file__)


def start() -> None:
    """Run one command, and end the process as soon as it is done."""
    from gradviz.cli.process import leave, pause_collector

    pause_collector()
    from gradviz.cli import Done, main

    try:
        main()
    except Done as done:
        leave(done)


if __name__ == "__main__":
    start()
