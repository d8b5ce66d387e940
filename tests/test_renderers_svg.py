"""The SVG: well-formed whatever the names, states by class alone, and nothing in it that could act."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_renderers import GRAPHS, view_of

from gradviz import Value, record, scope
from gradviz.graph import Graph
from gradviz.numbers import full
from gradviz.renderers import marks, svg
from gradviz.renderers.drawing import draw
from gradviz.renderers.escape import LONGEST, dot, visible, xml
from gradviz.renderers.facts import Facts
from gradviz.timeline import Timeline
from gradviz.view import View

NS = "{http://www.w3.org/2000/svg}"
ALLOWED = {
    "svg": {"class", "id", "role", "width", "height", "viewBox", "aria-labelledby"},
    "title": {"id"},
    "desc": {"id"},
    "style": set(),
    "g": {"class", "data-edge", "data-box", "data-key", "tabindex", "role", "aria-label", "transform"},
    "path": {"class", "d"},
    "polygon": {"class", "points"},
    "rect": {"class", "x", "y", "width", "height", "rx"},
    "text": {"class", "x", "y"},
}
EDGE_STATES = re.compile(r"gv-edge (pending|on (w\d|w1[0-5]|zero|bad))( now)?")
BOX_STATES = re.compile(
    r"gv-box kind-(op|input|param|const|group)( absent)? "
    r"g-(none|na|zero|bad|w\d|w1[0-5])( bad)?( updated)?( now)?"
)


def parse(text: str) -> ElementTree.Element:
    root = ElementTree.fromstring(text)
    for element in root.iter():
        name = element.tag.removeprefix(NS)
        assert element.tag.startswith(NS) and name in ALLOWED, f"a foreign element: {element.tag}"
        assert set(element.attrib) <= ALLOWED[name], f"a foreign attribute: {element.attrib}"
    return root


def by_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [e for e in root.iter() if name in e.get("class", "").split()]


def named(name: str) -> Graph:
    return Graph(
        op_names=["", "tanh"],
        op=[0, 1],
        kind=[1, 3],
        input_start=[0, 0, 1],
        input=[0],
        data=[0.5, 0.46],
        grad=[0.78, 1],
        has_grad=[True, True],
        names={0: name, 1: name},
    )


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_only_what_is_allowed(graph: str, theme: str) -> None:
    root = parse(svg.render(view_of(graph), theme=theme))
    assert len(by_class(root, "gv-box")) == len(view_of(graph).boxes)
    assert len(by_class(root, "gv-edge")) == len(view_of(graph).edges) + 3, "the legend shows three states"


@pytest.mark.parametrize("graph", GRAPHS)
def test_states_at_every_step(graph: str) -> None:
    view = view_of(graph)
    timeline = Timeline(view.graph)
    placed = None
    for k in range(0, len(timeline) + 1, max(1, len(timeline) // 25)):
        frame = timeline.frame(k)
        root = parse(svg.render(view, frame, layout=placed, embed_css=False, legend=False))
        boxes, edges = by_class(root, "gv-box"), by_class(root, "gv-edge")
        assert all(BOX_STATES.fullmatch(box.get("class", "")) for box in boxes)
        assert all(EDGE_STATES.fullmatch(edge.get("class", "")) for edge in edges)
        for box, drawn in zip(view.boxes, boxes, strict=True):
            classes = drawn.get("class", "").split()
            assert drawn.get("data-key") == xml_text(box.key)
            assert ("absent" in classes) == (not frame.computed[box.nodes].all())
        now = [b for b in boxes if "now" in b.get("class", "").split()]
        assert len(now) == (k > 0)


def xml_text(text: str) -> str:
    return visible(text)


def test_stepping_moves_nothing() -> None:
    view = view_of("neuron")
    timeline = Timeline(view.graph)

    def places(k: int) -> list[tuple[str | None, ...]]:
        root = parse(svg.render(view, timeline.frame(k), embed_css=False))
        return [
            (e.tag, *(e.get(a) for a in ("x", "y", "d", "points", "transform", "width"))) for e in root.iter()
        ]

    assert len({tuple(places(k)) for k in range(len(timeline) + 1)}) == 1


def test_every_number_has_its_full_value() -> None:
    view = view_of("neuron")
    root = parse(svg.render(view))
    for box, drawn in zip(view.boxes, by_class(root, "gv-box"), strict=True):
        title = drawn.find(f"{NS}title")
        assert title is not None and title.text is not None and box.node is not None
        assert f"data {full(view.graph.data[box.node])}" in title.text
        assert f"grad {full(view.graph.grad[box.node])}" in title.text
    for edge, drawn in zip(view.edges, by_class(root, "gv-edge"), strict=False):
        title = drawn.find(f"{NS}title")
        assert title is not None and title.text is not None
        assert full(view.graph.cotangent[edge.edges[0]]) in title.text


def test_two_graphs_in_one_page_do_not_collide() -> None:
    documents = [svg.render(view_of(name)) for name in GRAPHS]
    idents = [re.findall(r'\bid="([^"]+)"', text) for text in documents]
    flat = [ident for found in idents for ident in found]
    assert len(flat) == len(set(flat)) == 3 * len(documents)
    for text, found in zip(documents, idents, strict=True):
        style = text[text.index("<style>") : text.index("</style>")]
        rules = [line for line in style.splitlines() if "{" in line and not line.startswith("@")]
        assert all(f"#{found[0]}" in part for line in rules for part in line.split("{")[0].split(","))


def test_no_style_attribute_and_no_style_element_for_the_page() -> None:
    text = svg.render(view_of("neuron"), embed_css=False)
    assert "style" not in text and "gv-paper" not in text
    assert "xlink" not in text and "href" not in text and "url(" not in svg.render(view_of("neuron"))


def test_words() -> None:
    text = svg.render(view_of("neuron"), title="My <neuron>")
    root = parse(text)
    title, desc = root.find(f"{NS}title"), root.find(f"{NS}desc")
    assert title is not None and desc is not None
    assert title.text == "My <neuron>"
    assert desc.text is not None and "10 values" in desc.text and "largest gradient" in desc.text
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"


HOSTILE = st.one_of(
    st.text(st.characters(), max_size=40),
    st.text(
        st.sampled_from(
            "<>&\"'\\\x00\x01\x0b\x1b\x7f\x85\u2028\u202e\u2066\ufffe\uffff\ud800\udfff;#{}[]/=-]!"
        ),
        max_size=30,
    ),
    st.sampled_from(
        ["]]>", "<!--", "&#0;", "&lt;", "<![CDATA[", "</svg><script>", "' onload='x", "a\nb", "\U0001f600"]
    ),
)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE)
def test_any_name_survives_as_text(name: str) -> None:
    wrapped = f'<a b="{xml(name)}">{xml(name)}</a>'
    root = ElementTree.fromstring(wrapped)
    assert list(root) == [] and set(root.attrib) == {"b"}
    assert (root.text or "") == root.get("b") == visible(name)
    assert visible(visible(name)) == visible(name)
    wrapped.encode("utf-8")
    if name.isprintable():
        assert visible(name) == name, "what can be seen stays as it is"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE)
def test_any_name_in_a_drawing(name: str) -> None:
    view = View(named(name))
    root = parse(svg.render(view, layout=None, theme="light"))
    titles = [title.text or "" for title in root.iter(f"{NS}title")]
    shown = visible(view.graph.label(0))
    assert sum(title.startswith(f"{shown}: ") for title in titles) == 2


@settings(deadline=None)
@given(HOSTILE)
def test_dot_strings_hold_no_escape(name: str) -> None:
    quoted = dot(name)
    inner = quoted[1:-1]
    assert quoted[0] == quoted[-1] == '"'
    assert re.fullmatch(r'(?:[^"\\]|\\\\|\\")*', inner), "no quote and no escape gets out"
    read = inner.replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\").replace("&amp;", "&")
    assert read == visible(name)


def test_a_megabyte_of_name() -> None:
    view = View(named("n" * 1_000_000))
    text = svg.render(view)
    assert len(text) < 60_000
    assert "characters)" in text and "…" in text
    assert len(visible("n" * 1_000_000)) <= LONGEST


def crowded() -> View:
    """Twelve values that one folded scope reads, so that their numbers have no room."""
    inputs = [Value(float(i) + 0.5, name=f"x{i}") for i in range(12)]
    with scope("net"):
        total = inputs[0].tanh()
        for i, x in enumerate(inputs[1:]):
            total = total + (x * 0.1 ** (i % 3)).tanh()
    total.backward()
    return View(record(total), expanded=())


def clashes(mine: np.ndarray, others: list[np.ndarray]) -> bool:
    return any((mine[:2] < other[2:]).all() and (other[:2] < mine[2:]).all() for other in others)


@pytest.mark.parametrize("name", ["neuron", "folded", "broken", "crowded"])
def test_numbers_on_edges_do_not_lie_on_boxes_or_each_other(name: str) -> None:
    view = crowded() if name == "crowded" else view_of(name)
    texts = Facts(view).final_texts
    drawing = draw(view, None, texts)
    taken = [np.array([x, y, x + w, y + h]) for x, y, w, h in drawing.boxes]
    root = parse(svg.render(view))
    shown = [element.text or "" for element in by_class(root, "gv-carried")]
    aside = {
        element.get("data-edge") for element in by_class(root, "gv-edge") if by_class(element, "gv-aside")
    }
    for e, (arrow, text) in enumerate(zip(drawing.arrows, texts, strict=True)):
        assert shown[e] == (text if arrow.label.clear else "")
        assert (str(e) in aside) == (not arrow.label.clear)
        half = len(text) * marks.LABEL_SIZE * 0.3
        x, y = arrow.label.x, arrow.label.y
        mine = np.array([x - half, y - 8, x + half, y])
        if shown[e]:
            assert not clashes(mine, taken), text
            taken.append(mine)
    assert any(shown)
    if name in ("neuron", "crowded"):
        assert all(shown) == (name == "neuron")


def test_an_edge_without_room_shows_its_number_while_it_is_the_current_one() -> None:
    view = crowded()
    timeline = Timeline(view.graph)
    drawing = draw(view, None, Facts(view).final_texts)
    hidden = {e for e, arrow in enumerate(drawing.arrows) if not arrow.label.clear}
    for k in timeline.phase_range("backward"):
        edge = timeline[k].edge
        if edge is not None and int(view.edge_of[edge]) in hidden:
            root = parse(svg.render(view, timeline.frame(k + 1)))
            assert by_class(root, "gv-carried")[int(view.edge_of[edge])].text
            return
    pytest.fail("every edge had room")
