"""Pictures that were drawn before, one JSON file each, by what they were made from."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from dataclasses import asdict

from gradviz.notes.figures import Figure
from gradviz.notes.options import Length


class Cache:
    """A folder of pictures. It can be deleted at any time, and several processes can use it at once."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def get(self, key: str) -> Figure | None:
        """Give a figure; None if it is not there, or damaged."""
        try:
            with open(self._path(key), encoding="utf-8") as file:
                told = json.load(file)
            width = Length(*told.pop("width")) if told["width"] else None
            return Figure(**{**told, "picture": b64decode(told["picture"]), "width": width})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def put(self, figure: Figure) -> None:
        """Keep a figure; where that is not possible, it is drawn again the next time."""
        told = {**asdict(figure), "picture": b64encode(figure.picture).decode(), "width": figure.width}
        part = f"{self._path(figure.key)}.part-{os.getpid()}"
        try:
            self._make()
            with open(part, "w", encoding="utf-8") as file:
                json.dump(told, file)
            os.replace(part, self._path(figure.key))
        except OSError:
            return

    def _path(self, key: str) -> str:
        return os.path.join(self.folder, f"{key}.json")

    def _make(self) -> None:
        if os.path.isdir(self.folder):
            return
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, ".gitignore"), "w", encoding="utf-8") as file:
            file.write("*\n")
