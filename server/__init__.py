"""The local server: carries recordings to the page; no maths, no drawing."""

from .app import create_app
from .serving import serve

__all__ = ["create_app", "serve"]
