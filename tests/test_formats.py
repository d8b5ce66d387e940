"""Mermaid, TikZ, GraphML, GEXF and pictures in characters: what they say is what the graph says."""

from __future__ import annotations

import io
import math
import re
import shutil
import subprocess
from pathlib import Path

import networkx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_renderers import GRAPHS, HOSTILE, view_of
from test_renderers_svg import HOSTILE as ANY_NAME
from test_renderers_svg import named

from gradviz import Value, record
from gradviz.errors import GradvizError
from gradviz.ops import OPS
from gradviz.renderers import RENDERERS, boxart, gexf, graphml, mermaid, text, tikz
from gradviz.renderers.characters import Grid, columns, cut, plain
from gradviz.renderers.escape import visible
from gradviz.renderers.facts import Facts
from gradviz.renderers.lengths import length
from gradviz.renderers.palette import colours
from gradviz.renderers.tex import tex
from gradviz.timeline import Timeline
from gradviz.view import View

brief = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


# -- Mermaid

LINE = re.compile(
    r"flowchart LR|acc(Title|Descr): [^\n]*|b\d+\[\"[^\"<>]*(<br/>[^\"<>]*){2}\"\]"
    r"|b\d+ -->(\|\"[^\"|<>]*\"\|)? b\d+|classDef \w+ [\w#:,. -]+|class b\d+(,b\d+)* \w+"
    r"|linkStyle \d+(,\d+)* [\w#:,. -]+"
)


@pytest.mark.parametrize("graph", GRAPHS)
def test_mermaid_has_no_line_that_could_act(graph: str) -> None:
    written = mermaid.render(view_of(graph))
    for line in written.splitlines():
        assert LINE.fullmatch(line), line
    assert "click" not in written.replace("click#", "") and "%%" not in written and "$" not in written


@brief
@given(ANY_NAME)
def test_mermaid_of_any_name(name: str) -> None:
    written = mermaid.render(View(named(name)))
    assert all(LINE.fullmatch(line) for line in written.split("\n")[:-1])
    read = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), mermaid.escaped(name))
    read = read.replace("\u2060", "")  # between two dollars
    assert read == visible(name)[: len(read)] or read.endswith("…")


def test_mermaid_colours_are_those_of_the_scale() -> None:
    view = view_of("neuron")
    written = mermaid.render(view, theme="dark")
    facts, colour = Facts(view), colours("dark")
    links = {
        int(i): line.split()[2]
        for line in written.splitlines()
        if line.startswith("linkStyle")
        for i in line.split()[1].split(",")
    }
    assert sorted(links) == list(range(len(view.edges)))
    for i, edge in enumerate(facts.edges):
        name = f"w{edge.level}" if isinstance(edge.level, int) else edge.level
        assert links[i].startswith(f"stroke:{colour[name]},")


def test_mermaid_says_what_it_cannot_draw() -> None:
    total = Value(0.0)
    for _ in range(300):
        total = total + 1.0
    with pytest.raises(GradvizError, match=r"Mermaid draws 500 edges.*has 600"):
        mermaid.render(View(record(total), expanded=None, depth=0).expand_all())


# -- TikZ

LATEX = shutil.which("pdflatex") or shutil.which("tectonic")
SPECIAL = re.compile(r"(?<!\\)[#$%&~^_\"`]")


@brief
@given(ANY_NAME)
def test_tex_has_no_special_character_left(name: str) -> None:
    written = tex(name)
    assert not SPECIAL.search(re.sub(r"\\ensuremath\{[_^]\d\}", "", written))
    assert written.replace("\\{", "").count("{") == written.replace("\\}", "").count("}")
    assert written.isprintable() or "\\gvchar" in written or not visible(name).isprintable()
    assert set(re.findall(r"\\[A-Za-z]+", written)) <= set(re.findall(r"\\[A-Za-z]+", ALLOWED))


ALLOWED = (
    r"\ensuremath\backslash\lbrace\rbrace\textasciicircum\textasciitilde\char\textquotesingle"
    r"\textasciigrave\ldots\textendash\gvchar\times\pm\cdot\to\gets\le\ge\ne\partial\infty\surd\Sigma"
    r"\div\approx\textsuperscript"
)


def test_tex_has_a_letter_for_every_op() -> None:
    named_by_number = [op.name for op in OPS.values() if "gvchar" in tex(op.symbol)]
    assert named_by_number == []


@pytest.mark.parametrize("graph", GRAPHS)
def test_tikz_draws_every_box_and_edge(graph: str) -> None:
    view = view_of(graph)
    written = tikz.render(view)
    assert written.count("gv name,") == len([box for box in view.boxes if box.title])
    assert written.count("controls") >= len(view.edges)
    used = set(re.findall(r"gv\w+", written)) & {f"gv{name}" for name in colours("light")}
    assert used == set(re.findall(r"\\definecolor\{(gv\w+)\}", written))


def test_tikz_is_as_wide_as_asked() -> None:
    view = view_of("neuron")
    page = re.search(r"paperwidth=([\d.]+)bp", tikz.render(view, standalone=True, width=length("8.6cm")))
    assert page is not None and float(page[1]) == pytest.approx(8.6 / 2.54 * 72, abs=1e-3)
    assert "documentclass" not in tikz.render(view)


@pytest.mark.slow
@pytest.mark.skipif(LATEX is None, reason="neither pdflatex nor tectonic is installed: TikZ was not compiled")
def test_tikz_compiles(tmp_path: Path) -> None:
    """All pictures in one document, in running text: hostile names, folded scopes, NaN, every phase."""
    symbols = View(named(" ".join(op.symbol for op in OPS.values())))
    hard = View(named("".join(HOSTILE) + "αβ₁² é ß → ≤ ∂L 日本 🙂 ff--``''??!`\"~^"))
    pictures = [tikz.render(view_of(name), theme="print") for name in GRAPHS]
    pictures += [tikz.render(hard), tikz.render(symbols)]
    view = view_of("neuron")
    moments = [Timeline(view.graph).phase_range(phase).stop for phase in ("forward", "order", "backward")]
    pictures += [tikz.render(view, Timeline(view.graph).frame(k), width=length("8cm")) for k in moments]
    head = "\\documentclass{article}\n\\usepackage{tikz}\n\\begin{document}\n"
    body = "\n\nText: ".join(pictures)
    (tmp_path / "all.tex").write_text(f"{head}{body}\n\\end{{document}}\n", encoding="utf-8")
    (tmp_path / "one.tex").write_text(tikz.render(view, standalone=True), encoding="utf-8")
    for name in ("all", "one"):
        options = ["-interaction=nonstopmode", "-halt-on-error"] if "pdflatex" in str(LATEX) else []
        done = subprocess.run(
            [str(LATEX), *options, f"{name}.tex"], cwd=tmp_path, capture_output=True, timeout=120
        )
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
        assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    assert "(1 page," in (tmp_path / "one.log").read_text(errors="replace")


# -- GraphML and GEXF


def read_back(form: str, view: View, **options: bool) -> networkx.Graph:
    row = {"graphml": graphml, "gexf": gexf}[form]
    stream = io.BytesIO(row.render(view, **options).encode())
    if form == "gexf":
        return networkx.read_gexf(stream, node_type=int)
    return networkx.read_graphml(stream, node_type=int, edge_key_type=int, force_multigraph=True)


def same(a: object, b: object) -> bool:
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


@pytest.mark.parametrize("form", ["graphml", "gexf"])
@pytest.mark.parametrize("graph", [name for name in GRAPHS if name != "folded"])
def test_values_read_back(form: str, graph: str) -> None:
    view = view_of(graph)
    back, expected = read_back(form, view), view.graph.to_networkx()
    assert back.number_of_nodes() == len(view.graph) and back.number_of_edges() == view.graph.edge_count
    for node, facts in expected.nodes(data=True):
        for key in ("data", "grad"):
            found = back.nodes[node]
            value = facts.get(key)
            assert same(value, found.get(f"{key}_array" if isinstance(value, str) else key)), (node, key)
        assert back.nodes[node]["name" if form == "graphml" else "label"] == visible(facts["name"])
    for facts in (*(d for _, d in back.nodes(data=True)), *(d for *_, d in back.edges(data=True))):
        assert None not in facts.values() and "" not in facts.values()


@pytest.mark.parametrize("form", ["graphml", "gexf"])
def test_a_folded_scope_is_one_node(form: str) -> None:
    view = view_of("folded")
    back = read_back(form, view)
    assert back.number_of_nodes() == len(view.boxes) and back.number_of_edges() == len(view.edges)
    counts = [facts.get("values", 1) for _, facts in back.nodes(data=True)]
    assert sum(counts) == len(view.graph)
    whole = read_back(form, view, whole=True)
    assert whole.number_of_nodes() == len(view.graph)


@brief
@given(ANY_NAME)
def test_xml_of_any_name(name: str) -> None:
    view = View(named(name))
    for form in ("graphml", "gexf"):
        names = {
            facts.get("name") or facts.get("label") or ""
            for _, facts in read_back(form, view).nodes(data=True)
        }
        assert names == {visible(view.graph.label(0))}


# -- Text


WAYS = {
    "─": "LR", "━": "LR", "│": "UD", "╭": "DR", "╮": "DL", "╰": "UR", "╯": "UL",
    "├": "UDR", "┤": "UDL", "┬": "DLR", "┴": "ULR", "┼": "UDLR",
}  # fmt: skip
MOVES = {"U": (-1, 0), "D": (1, 0), "L": (0, -1), "R": (0, 1)}
BACK = {"U": "D", "D": "U", "L": "R", "R": "L"}


def traced(rows: list[str]) -> list[tuple[str, str]]:
    """Follow every line of a drawing from the box it leaves to those it reaches, as an eye would."""
    at = {(r, c): char for r, row in enumerate(rows) for c, char in enumerate(row)}
    leaves, enters = {}, {}
    for r, row in enumerate(rows):
        for box in re.finditer(r"╭ (b\d+) [^╮]*╮", row):
            below = r + 1
            while at[below, box.start()] != "╰":
                leaves[below, box.end()] = enters[below, box.start() - 1] = box[1]
                below += 1
    found = []
    for (r, c), name in leaves.items():
        heads, seen = [(r, c, "R")] if at.get((r, c), " ") != " " else [], set()
        while heads:
            y, x, way = head = heads.pop()
            if head in seen:
                continue
            seen.add(head)
            char = at[y, x]
            if char == "▶":
                found.append((name, enters[y, x]))
            elif char not in WAYS or (way in "LR" and char == "│"):  # a number on the line, or a crossing
                heads.append((y, x + MOVES[way][1], way))
            else:
                outs = WAYS[char].replace(BACK[way], "")
                assert len(outs) < len(WAYS[char]), "a line goes on where it came from"
                heads += [(y + MOVES[out][0], x + MOVES[out][1], out) for out in outs]
    return sorted(found)


@st.composite
def dags(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    count = draw(st.integers(1, 9))
    edges = []
    for target in range(1, count):
        edges += [(source, target) for source in draw(st.lists(st.integers(0, target - 1), max_size=3))]
    return count, edges


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(dags(), st.sampled_from(["", "+1", "-0.25"]))
def test_lines_lead_from_box_to_box(dag: tuple[int, list[tuple[int, int]]], number: str) -> None:
    count, edges = dag
    cards = [boxart.Card(f"b{i}", "+", (("data", "1" * (i % 4)), ("grad", "2"))) for i in range(count)]
    drawn = boxart.draw(cards, [boxart.Line(*edge, number) for edge in edges])
    if drawn is not None:
        assert traced(drawn) == sorted((f"b{a}", f"b{b}") for a, b in edges)
        assert "\n".join(drawn).count(number) == len(edges) or not number


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_drawing_can_be_had_of_every_graph(graph: str) -> None:
    drawn = text.render(view_of(graph), boxes=True)
    boxes = view_of(graph).boxes
    assert drawn.count("▶") == len(view_of(graph).edges)
    assert drawn.count("│ data") == len(boxes)


def test_nothing_moves_from_moment_to_moment() -> None:
    view = view_of("square")
    timeline = Timeline(view.graph)
    shapes = {
        tuple(
            re.sub(r"[^▶╭╮╰╯┏┓┗┛]", " ", row).translate(str.maketrans("┏┓┗┛", "╭╮╰╯")).rstrip()
            for row in rows
        )
        for rows in (text.render(view, timeline.frame(k)).splitlines()[2:] for k in range(len(timeline) + 1))
    }
    assert len(shapes) == 1


def test_what_does_not_fit_is_a_list() -> None:
    view = view_of("neuron")
    wide = text.render(view, columns=1000)
    widest = max(map(columns, wide.splitlines()[2:]))
    assert "╭" in text.render(view, columns=widest)
    assert "╭" not in text.render(view, columns=widest - 1) and "reads" in text.render(view, columns=60)
    assert "╭" in text.render(view, columns=20, boxes=True)


def test_one_is_not_many() -> None:
    assert text.render(view_of("one")).startswith("1 value in 1 box with 0 edges;")


@pytest.mark.parametrize("graph", GRAPHS)
def test_ascii(graph: str) -> None:
    for boxes in (True, False):
        assert text.render(view_of(graph), boxes=boxes, ascii=True).isascii()


@brief
@example("╮")
@given(ANY_NAME)
def test_every_row_of_a_box_is_equally_wide(name: str) -> None:
    rows = text.render(View(named(name)), boxes=True).splitlines()[2:]
    edges = [row for row in rows if row.startswith(("╭", "╰"))]
    first = {columns(re.match(r"╭.*? input ╮|╰─*╯", row)[0]) for row in edges if row[-1:] in "╮╯"}  # type: ignore[index]
    assert len(first) == 1


@brief
@given(st.text(), st.integers(1, 30))
def test_cut_text_fits(given_text: str, most: int) -> None:
    shown = visible(given_text)
    assert columns(cut(shown, most)) <= max(most, 1)
    assert plain(shown).isascii()


def test_wide_characters_take_two_columns() -> None:
    grid = Grid()
    grid.text(0, 0, "日本│")
    grid.text(1, 0, "abcd│")
    assert grid.rows() == ["日本│", "abcd│"] and columns("日本│") == columns("abcd│")


# -- all of them


@pytest.mark.parametrize("name", ["mermaid", "tikz", "graphml", "gexf", "text"])
def test_the_moment_is_the_one_asked_for(name: str) -> None:
    view, row = view_of("neuron"), RENDERERS[name]
    timeline = Timeline(view.graph)
    shown = [str(row.render(view, timeline.frame(k))) for k in (0, timeline.phase_range("backward").stop)]
    assert "6.88" in shown[1] and "6.88" not in shown[0]  # of b, which is not computed before the first step


@pytest.mark.parametrize("wrong", ["", "8.6", "cm", "-3cm", "0in", "8.6 furlong", "1e9in", "nan", "8,6cm"])
def test_widths(wrong: str) -> None:
    assert length("8.6cm").px == pytest.approx(325.04, abs=0.01) and length(" 640 ").of(0.5) == "320px"
    if wrong != "8.6":
        with pytest.raises(GradvizError, match="The width is"):
            length(wrong)
