"""From the source to the values: every expression leads to exactly the values that it made, and back."""

from typing import Any

import pytest
from flask import Flask
from gradviz.server import create_app
from hypothesis import given
from hypothesis import strategies as st
from served import TOKEN, neuron, recording

from gradviz.document import Document, Expression, expressions_document, made_document, pass_document
from gradviz.graph import Graph, Span
from gradviz.numbers import loads
from gradviz.recording import Recording

FILE = "nets.py"
HEADERS = {"Host": "127.0.0.1:8765", "X-Gradviz-Token": TOKEN}
# n = x1*w1 + x2*w2 + b          in line 9; the sum in line 12 goes on to line 14
WHOLE, SUM, LEFT, RIGHT = (9, 4, 9, 21), (9, 4, 9, 17), (9, 4, 9, 9), (9, 12, 9, 17)
LONG, INNER, PLAIN = (12, 4, 14, 1), (13, 2, 13, 7), (20, 0, 20, 0)


def spanned(*places: tuple[int, int, int, int]) -> Graph:
    """A neuron, its values made in turn by these expressions."""
    graph = neuron()
    spans = [Span(FILE, line, end_line, column, end) for line, column, end_line, end in places]
    return graph.replace(spans=spans, source=[i % len(places) for i in range(len(graph))])


def document_of(graph: Graph) -> Document:
    return Document(Recording.of([graph], sources={FILE: ""}))


def made(graph: Graph, *place: int, open: list[str] | None = None) -> dict[str, Any]:
    document = document_of(graph)
    return made_document(document.scene(document.shown(0), open), FILE, Expression(*place))


@pytest.mark.parametrize(
    ("column", "expression"),
    [
        (3, None),
        (4, LEFT),
        (8, LEFT),
        (9, SUM),
        (12, RIGHT),
        (16, RIGHT),
        (17, WHOLE),
        (20, WHOLE),
        (21, None),
    ],
)
def test_a_character_belongs_to_the_innermost_expression(
    column: int, expression: tuple[int, ...] | None
) -> None:
    told = made(spanned(WHOLE, SUM, LEFT, RIGHT, LONG), 9, column, 9, column + 1)
    assert told["expression"] == (list(expression) if expression else None)
    assert told["count"] == len(told["nodes"]) == (0 if expression is None else 2)


@pytest.mark.parametrize("place", [WHOLE, SUM, LEFT, RIGHT, LONG, INNER])
def test_an_expression_by_its_own_place_leads_to_itself(place: tuple[int, int, int, int]) -> None:
    assert made(spanned(WHOLE, SUM, LEFT, RIGHT, LONG, INNER), *place)["expression"] == list(place)


def test_expressions_may_go_over_lines() -> None:
    graph = spanned(LONG, INNER)
    assert made(graph, 14, 0, 14, 1)["expression"] == list(LONG)
    assert made(graph, 13, 3, 13, 4)["expression"] == list(INNER)
    assert made(graph, 14, 1, 14, 2)["expression"] is None
    document = document_of(graph)
    boxes = pass_document(document.scene(document.shown(0)))["view"]["boxes"]
    assert {tuple(box["span"]) for box in boxes} == {(4, 1, 14), (2, 7)}


def test_a_line_has_all_that_was_made_in_it() -> None:
    graph = spanned(WHOLE, LEFT, LONG, PLAIN)
    assert made(graph, 9, 0, 9, 0)["count"] == 6
    assert made(graph, 13, 0, 13, 0)["count"] == 2
    assert made(graph, 99, 0, 99, 0)["nodes"] == []


def test_where_no_columns_were_recorded_an_expression_is_its_line() -> None:
    told = made(spanned(PLAIN, LEFT), 20, 7, 20, 8)
    assert told["expression"] == list(PLAIN) and told["count"] == 5


def test_a_loop_makes_many_from_one_expression_each_in_its_box() -> None:
    from gradviz import Value, record

    total = Value(0.0)
    for i in range(600):
        total = total + 2 * Value(i)
    total.backward()
    graph = record(total)
    document = document_of(graph)
    shown = document.shown(0)
    place = shown.place(graph.span_of(graph.root))
    line, (column, end) = place["line"], place["span"]
    scene = document.scene(shown)
    told = made_document(scene, place["file"], Expression(line, column, line, end))
    assert told["count"] == 600 and told["nodes"] == sorted(told["nodes"]) and told["more"] == 0
    assert {graph.op_of(node) for node in told["nodes"]} == {"add"}
    assert told["boxes"] == [int(scene.view.box_of[node]) for node in told["nodes"]]
    product = made_document(scene, place["file"], Expression(line, column + 8, line, column + 20))
    assert product["count"] == 600, "the constant 2 is made beside it, and is not what one looks for"


@given(st.integers(0, 25), st.integers(1, 12))
def test_what_is_listed_of_a_file_is_what_its_places_lead_to(column: int, length: int) -> None:
    graph = spanned(WHOLE, SUM, LEFT, RIGHT, LONG, INNER, PLAIN)
    listed = expressions_document(document_of(graph).shown(0), FILE)
    counts = {tuple(row[:4]): row[4] for row in listed["expressions"]}
    assert sum(counts.values()) == len(graph) and listed["more"] == 0
    assert list(counts) == sorted(counts)
    told = made(graph, 9, column, 9, column + length)
    holding = [one for one in counts if one[0] == 9 and one[1] <= column and column + length <= one[3]]
    smallest = min(holding, key=lambda one: one[3] - one[1], default=None)
    assert told["expression"] == (list(smallest) if smallest else None)
    assert told["count"] == counts.get(smallest or (), 0)


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(recording(), token=TOKEN)


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("file=served.py&line=23&column=8", 200, ""),
        ("file=nowhere.py&line=23", 200, ""),
        ("file=served.py", 400, "Which line?"),
        ("file=served.py&line=x", 400, "whole number"),
        ("file=served.py&line=-1", 404, "no line"),
        ("file=served.py&line=1&column=1.5", 400, "whole number"),
        ("file=served.py&line=9999999999", 404, "no line"),
        ("file=served.py&line=1&col=2", 400, "'col'"),
        (f"file={'x' * 5000}&line=1", 400, "5000 characters"),
    ],
)
def test_a_place_is_read_strictly(app: Flask, query: str, status: int, words: str) -> None:
    answer = app.test_client().get(f"/api/passes/0/made?{query}", headers=HEADERS)
    assert answer.status_code == status
    assert words in str(loads(answer.data))
