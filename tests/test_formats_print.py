"""Publication quality: exact widths, fonts, PDF, grey, and the same bytes for the same graph."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_renderers import GRAPHS, view_of

from gradviz import Value, record
from gradviz.cli import main
from gradviz.errors import GradvizError, LayoutError
from gradviz.layout import engines
from gradviz.recording import Writer
from gradviz.renderers import RENDERERS, cairo, fonts, pdf, svg
from gradviz.renderers.lengths import length
from gradviz.renderers.palette import TOKENS, colours, ramp, width
from gradviz.renderers.scale import LEVELS
from gradviz.timeline import Timeline

CAIRO = any(engine.kind == "dot" for engine in engines()) or find_spec("pygraphviz") is not None
needs_cairo = pytest.mark.skipif(not CAIRO, reason="no Graphviz with cairo: PDF and outlines were not tried")
needs_fonts = pytest.mark.skipif(find_spec("fontTools") is None, reason="no fontTools: no font was embedded")
NS = "{http://www.w3.org/2000/svg}"


# -- widths


@pytest.mark.parametrize("asked, unit", [("8.6cm", "cm"), ("3.4in", "in"), ("640px", "px"), ("86mm", "mm")])
def test_svg_has_its_width_on_the_root_and_keeps_its_view_box(asked: str, unit: str) -> None:
    view = view_of("neuron")
    usual = ElementTree.fromstring(svg.render(view))
    root = ElementTree.fromstring(svg.render(view, width=length(asked)))
    assert root.get("width") == asked and root.get("viewBox") == usual.get("viewBox")
    _, _, wide, high = map(float, str(root.get("viewBox")).split())
    assert float(str(root.get("height")).removesuffix(unit)) == pytest.approx(
        float(asked.removesuffix(unit)) * high / wide, rel=1e-4
    )
    root.set("width", str(usual.get("width")))
    root.set("height", str(usual.get("height")))
    assert ElementTree.tostring(root) == ElementTree.tostring(usual), "nothing else is different"


# -- fonts


@needs_fonts
def test_embedded_fonts_have_the_letters_that_are_used() -> None:
    from base64 import b64decode
    from io import BytesIO

    from fontTools.ttLib import TTFont

    drawn = svg.render(view_of("neuron"), font="embed", theme="print")
    texts = "".join(element.text or "" for element in ElementTree.fromstring(drawn).iter(f"{NS}text"))
    found = re.findall(r"font/woff;base64,([\w+/=]+)", drawn)
    assert len(found) == 3
    for font in found:
        assert set(map(ord, texts)) <= set(TTFont(BytesIO(b64decode(font))).getBestCmap())
    assert drawn.count('font-family:"gv mono",') and drawn.count('font-family:"gv sans",')
    assert len(drawn) < 3 * len(svg.render(view_of("neuron")))


@needs_fonts
def test_embedding_leaves_the_drawing_as_it_is() -> None:
    view = view_of("hostile")
    usual, embedded = (ElementTree.fromstring(svg.render(view, font=font)) for font in ("system", "embed"))
    for root in (usual, embedded):
        root.remove(root.find(f"{NS}style"))  # type: ignore[arg-type]
    assert ElementTree.tostring(usual) == ElementTree.tostring(embedded)


def test_without_a_font_or_fonttools_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts.faces.cache_clear()
    monkeypatch.setattr(fonts, "_FOLDERS", ())
    with pytest.raises(GradvizError, match="No font to embed.*DejaVu, Liberation"):
        svg.render(view_of("one"), font="embed")
    monkeypatch.setattr(fonts, "faces", lambda: [("any.ttf", 0)] * 3)
    monkeypatch.setitem(sys.modules, "fontTools.subset", None)
    with pytest.raises(GradvizError, match=r"gradviz\[fonts\]"):
        svg.render(view_of("one"), font="embed")


@needs_cairo
@pytest.mark.parametrize("graph", GRAPHS)
def test_outlines_have_no_text_and_names_of_their_own(graph: str) -> None:
    drawn = svg.render(view_of(graph), font="outline", width=length("8.6cm"))
    root = ElementTree.fromstring(drawn)
    tags = {element.tag.removeprefix(NS) for element in root.iter()}
    assert "text" not in tags and not tags & {"script", "image", "a", "foreignObject"}
    assert root.get("width") == "8.6cm" and root[0].text and root[1].text
    idents = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(idents) == len(set(idents)) and all(str(ident).startswith("gv-") for ident in idents)
    used = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', drawn)
    assert {a or b for a, b in used} <= set(idents)


# -- PDF


@needs_cairo
def test_pdf_is_as_wide_as_asked_and_brings_its_fonts() -> None:
    written = pdf.render(view_of("neuron"), width=length("8.6cm"))
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", written)
    assert box is not None and abs(float(box[1]) - 8.6 / 2.54 * 72) <= 0.051
    start = int(written[written.rindex(b"startxref") + 9 : written.rindex(b"%%EOF")])
    assert written[start : start + 4] == b"xref", "the table of places is where it is said to be"
    assert b"/FontFile2" in written or b"/FontFile3" in written
    assert b"19700101000000Z" in written or b"CreationDate" not in written


def test_pdf_without_an_engine_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cairo.graphviz, "engines", list)
    monkeypatch.setattr(cairo, "find_spec", lambda name: None)
    with pytest.raises(LayoutError, match=r"pip install gradviz\[pdf\]"):
        pdf.render(view_of("one"))


@pytest.mark.parametrize("program", [engine.path for engine in engines() if engine.kind == "graphviz-pure"])
def test_pdf_by_an_engine_that_cannot(program: str) -> None:
    with pytest.raises(LayoutError, match="graphviz-pure cannot write PDF"):
        pdf.render(view_of("one"), engine=program)


@pytest.mark.skipif(find_spec("pygraphviz") is None, reason="no pygraphviz: its own process was not tried")
def test_pdf_by_pygraphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cairo.graphviz, "engines", list)
    assert pdf.render(view_of("hostile")).startswith(b"%PDF")


# -- the same bytes


FORMS = [(name, {}) for name in RENDERERS] + [
    ("svg", {"font": "embed"}),
    ("svg", {"font": "outline"}),
    ("tikz", {"standalone": True}),
    ("text", {"ascii": True}),
]


@pytest.mark.parametrize("name, options", FORMS)
def test_the_same_graph_gives_the_same_bytes(name: str, options: dict[str, object]) -> None:
    if (name == "pdf" or "outline" in options.values()) and not CAIRO:
        pytest.skip("no Graphviz with cairo")
    if "embed" in options.values() and find_spec("fontTools") is None:
        pytest.skip("no fontTools")
    view = view_of("broken")
    frame = Timeline(view.graph).frame(7)
    assert RENDERERS[name].render(view, frame, **options) == RENDERERS[name].render(view, frame, **options)


# -- grey


def grey(colour: str) -> float:
    """What a printer without colours makes of it: Rec. 601 luma, 0 to 1."""
    return sum(int(colour[i : i + 2], 16) * share for i, share in ((1, 0.299), (3, 0.587), (5, 0.114))) / 255


@pytest.mark.parametrize("theme", ["light", "print", "dark"])
def test_the_scale_is_monotone_in_grey(theme: str) -> None:
    levels = [abs(grey(colour) - grey(TOKENS[theme]["paper"])) for colour in ramp(theme)]
    assert levels == sorted(levels) and levels[-1] - levels[0] > 0.4
    assert min(b - a for a, b in zip(levels, levels[1:], strict=False)) > 0.004
    assert [width(i) for i in range(LEVELS)] == sorted({width(i) for i in range(LEVELS)})


def test_states_differ_without_colours() -> None:
    """Zero, NaN and what is not computed are told apart by dashes and width alone."""
    sheet = svg.render(view_of("broken"), theme="print")
    dashes = dict(
        re.findall(r"\.on\.(zero|bad) path\{[^}]*stroke-width:([\d.]+);stroke-dasharray:[\d ]+", sheet)
    )
    assert dashes == {"zero": "1.2", "bad": "2.6"}
    assert len(set(re.findall(r"stroke-dasharray:([\d ]+)", sheet))) >= 3


def test_print_has_a_white_ground_and_nothing_that_shades() -> None:
    of = colours("print")
    assert {of[name] for name in ("paper", "card", "leaf", "shade", "wash")} == {"#ffffff"}
    assert of["w15"] == colours("light")["w15"] and "prefers-color-scheme" not in svg.render(
        view_of("one"), theme="print"
    )


# -- the command line


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("formats") / "neuron.gradviz"
    writer = Writer(path)
    x, w = Value(2.0, name="x"), Value(-3.0, name="w", kind="param")
    loss = (x * w + 1.0).tanh()
    loss.backward()
    writer.add(record(loss))
    writer.finish()
    return str(path)


def export(recording: str, *words: str) -> int:
    with pytest.raises(SystemExit) as leave:
        main(["export", *words, recording])
    return int(leave.value.code or 0)


@pytest.mark.parametrize(
    "name, start",
    [
        ("a.mmd", b"flowchart LR"),
        ("a.tex", b"% \\input"),
        ("a.graphml", b"<?xml"),
        ("a.gexf", b"<?xml"),
        ("a.txt", b"6 values"),
        pytest.param("a.pdf", b"%PDF", marks=needs_cairo),
    ],
)
def test_the_ending_picks_the_format(recording: str, tmp_path: Path, name: str, start: bytes) -> None:
    words = ["-o", str(tmp_path / name), "--phase", "backward", "--step", "2"]
    assert export(recording, *words) == 0
    assert (tmp_path / name).read_bytes().startswith(start)


def test_options_of_some_formats(recording: str, capsys: pytest.CaptureFixture[str]) -> None:
    def shown(*words: str) -> str:
        assert export(recording, "-o", "-", *words) == 0
        return capsys.readouterr().out

    assert 'width="8.6cm"' in shown("-f", "svg", "--width", "8.6cm", "-t", "print")
    assert "\\documentclass" in shown("-f", "tikz", "--standalone")
    assert "reads" in shown("-f", "text", "--list") and "reads" in shown("-f", "text", "--width", "20")
    assert shown("-f", "text", "--ascii", "--boxes").isascii()


@pytest.mark.parametrize(
    "words, complaint",
    [
        (("-f", "png", "--width", "8cm"), "--width is not for png. Its --scale"),
        (("-f", "json", "--font", "embed"), "--font is not for json."),
        (("-f", "svg", "--ascii"), "--ascii is not for svg."),
        (("-f", "svg", "--scale", "2"), "--scale is not for svg."),
        (("-f", "text", "--theme", "dark"), "--theme is not for text."),
        (("-f", "mermaid", "--engine", "dot"), "--engine is not for mermaid."),
        (("-f", "bmp"), "There is no format 'bmp'. There are svg, png, pdf, html, tikz"),
        (("-f", "bmp"), "gif or apng."),
        (("-f", "svg", "--width", "wide"), "The width is 'wide'"),
    ],
)
def test_options_that_a_format_does_not_have(
    recording: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], complaint: str
) -> None:
    assert export(recording, "-o", "-", *words) in (1, 2)
    assert complaint in capsys.readouterr().err
