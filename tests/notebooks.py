"""Notebooks for tests, as Jupyter writes them."""

import json
from pathlib import Path
from typing import Any


def notebook(*cells: Any, **facts: Any) -> dict[str, Any]:
    """Give a notebook of code cells; a cell that is no text stays as it is."""
    made = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made, **facts}


def code(source: str) -> dict[str, Any]:
    lines = source.splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines}


def write(path: Path, *cells: Any, **facts: Any) -> str:
    path.write_text(json.dumps(notebook(*cells, **facts)), encoding="utf-8")
    return str(path)
