"""Numbers as text, and the JSON codec."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.numbers import dumps, full, loads, number, short

anything = st.floats()


@pytest.mark.parametrize(
    ("x", "text"),
    [
        *((0.8813735870195432, "0.8814"), (2.0, "2"), (-2, "-2"), (1.2e-9, "1.2e-09"), (1e-6, "1e-06")),
        *((math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"), (0.0, "0"), (-0.0, "-0")),
        *((65138, "65138"), (9_999_999, "9999999"), (10_000_000, "1e+07"), (123456.7, "1.235e+05")),
        *(
            (5e-324, "4.941e-324"),
            (1.7976931348623157e308, "1.798e+308"),
            (0.99999, "1"),
            (np.float64(0.5), "0.5"),
        ),
    ],
)
def test_45_four_digits(x: float, text: str) -> None:
    assert short(x) == text


@given(anything)
def test_a_shortened_number_never_lies(x: float) -> None:
    text = short(x)
    if math.isnan(x):
        assert text == "nan"
    else:
        assert (float(text) == 0) == (x == 0) or abs(x) < 5e-324
        assert math.copysign(1, float(text)) == math.copysign(1, x)
        assert float(text) == x or abs(float(text) - x) <= 0.5001e-3 * abs(x) or math.isinf(float(text))
        assert len(text) <= 11


@given(anything)
def test_36_exact_text_reads_back(x: float) -> None:
    assert np.float64(full(x)).tobytes() == np.float64(x).tobytes() or math.isnan(x)
    back = number(loads(dumps(x)))
    assert (back == x and math.copysign(1, back) == math.copysign(1, x)) or (
        math.isnan(back) and math.isnan(x)
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(json_values)
def test_json_round_trip(obj: Any) -> None:
    assert loads(dumps(obj)) == obj
    assert loads(dumps(obj, indent=1)) == obj


def test_non_finite_numbers_travel_as_strings() -> None:
    text = dumps({"a": [math.nan, math.inf, -math.inf, np.float64("nan")], "b": np.array([[1.0, math.nan]])})
    assert text == '{"a":["NaN","Infinity","-Infinity","NaN"],"b":[[1.0,"NaN"]]}'
    json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert math.isnan(number("NaN")) and number("-Infinity") == -math.inf


def test_what_json_may_hold() -> None:
    given = (
        np.int64(3),
        np.bool_(True),
        np.float32(0.5),
        range(2),
        (1, 2),
        {3: "x"},
        np.arange(2),
        np.array(2.5),
    )
    assert dumps(given) == '[3,true,0.5,[0,1],[1,2],{"3":"x"},[0,1],2.5]'
    with pytest.raises(TypeError, match="object has no JSON form"):
        dumps(object())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *(
            ("NaN", "NaN is not JSON"),
            ("[-Infinity]", "-Infinity is not JSON"),
            ('{"a":1,"a":2}', "duplicate key 'a'"),
        ),
        *(
            ("[" * 100_000, "nested too deeply"),
            ("1" * 5000, "4300"),
            ("[1,]", "line 1"),
            ("", "line 1"),
            ("\ud800", "line 1"),
        ),
        *((b"\xff", "invalid start byte"), ('{"a":1} x', "Extra data")),
    ],
)
def test_70_bad_json_is_a_value_error(text: str | bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loads(text)


def test_lone_surrogates_survive_utf8() -> None:
    text = dumps(["\ud800x", "🙂"])
    assert loads(text.encode()) == ["\ud800x", "🙂"] and "🙂" in text


def test_sets_are_written_in_order() -> None:
    assert dumps({"b", "a"}) == '["a","b"]'
