"""Anybody's Value class: recognised by its shape, read as it is, its operands recovered."""

from gradviz.recorders.duck.figures import number_of
from gradviz.recorders.duck.freezing import Frozen, freeze, record
from gradviz.recorders.duck.registering import register
from gradviz.recorders.duck.seen import Made, Ran, Seen
from gradviz.recorders.duck.shape import ClassShape, recognises, shape_of

__all__ = [
    "ClassShape",
    "Frozen",
    "Made",
    "Ran",
    "Seen",
    "freeze",
    "number_of",
    "recognises",
    "record",
    "register",
    "shape_of",
]
