"""Words for classes that are nearly an engine's: what they lack, and how to say where it is."""

from __future__ import annotations

from gradviz.recorders.duck.figures import named_class
from gradviz.recorders.duck.shape import FIELDS, names_announced_by
from gradviz.recorders.watch.classes import lacking

CALLED = {"data": "data", "grad": "gradient", "inputs": "inputs"}
CREATORS = ("_ctx", "ctx", "grad_fn", "fn", "func")  # which often keep the inputs


def overlooked(cls: type) -> list[str]:
    """Say what a class lacks, if that is little, and what to do."""
    missing = lacking(cls)
    if not missing:
        return []
    names = "; ".join(f"{CALLED[key]}: {', '.join(FIELDS[key])}" for key in missing)
    none = " (grad=None if its objects hold none)" if "grad" in missing else ""
    things = f"{'one thing is' if len(missing) == 1 else 'two things are'} not where gradviz looks"
    return [
        f"{named_class(cls)} is not recorded: it looks like the values of an engine, but "
        f"{things} ({names}). Say where it is, after the class: "
        f"gradviz.register({cls.__name__}, {', '.join(_given(cls, missing))}){none}."
    ]


def _given(cls: type, missing: list[str]) -> list[str]:
    announced = names_announced_by(cls)
    creator = next((name for name in CREATORS if name in announced), "")
    if creator and missing == ["inputs"]:
        return [f'inputs="{creator}.inputs"', f'op="{creator}"']
    return [f'{key}="…"' for key in missing]
