"""Importing numpy without waking its threads for nothing."""

from __future__ import annotations

import os
from importlib import import_module

_SPIN = "OPENBLAS_THREAD_TIMEOUT"


def load_numpy() -> None:
    """Import numpy so that OpenBLAS's threads fall asleep after 2**20 cycles without work.

    By itself it lets them spin 2**26 cycles, which is some 25 ms of each core, at every start. Results do not
    depend on it. The variable is read while numpy is imported, and a script does not see it.
    """
    ours = _SPIN not in os.environ
    if ours:
        os.environ[_SPIN] = "20"
    try:
        import_module("numpy")
    finally:
        if ours:
            del os.environ[_SPIN]
