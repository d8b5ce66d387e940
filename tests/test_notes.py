"""From a note to a figure: options, sources, the cache, HTML for hosts."""

import os
import re
import subprocess
import sys
from html import escape
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gradviz import Value, record
from gradviz.notes import Figure, accept, fence, figure
from gradviz.notes.cache import Cache
from gradviz.notes.embed import html
from gradviz.notes.fences import find
from gradviz.notes.mistake import Mistake
from gradviz.notes.options import OPTIONS, options_of, settle, words
from gradviz.recording import Writer

SQUARE = "x = 3\nL = x**2"
SCRIPT = "from gradviz import Value\nx = Value(3.0, name='x')\n(x*x).backward()\n(x*x*x).backward()\n"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    writer = Writer(str(tmp_path / "run.gradviz"), {})
    for power in (2, 3):
        x = Value(3.0, name="x")
        loss = x**power
        loss.name = f"L{power}"
        loss.backward()
        writer.add(record(loss))
    writer.finish()
    return tmp_path / "run.gradviz"


def test_a_figure_is_a_picture_with_words() -> None:
    drawn = figure(SQUARE, {"title": "A <square>", "caption": "One", "width": "50%"})
    assert drawn.error is None
    assert drawn.alt == "Computation graph of L: 3 values, 2 edges, L = 9, |grad| 1 … 6"
    assert drawn.caption == "One" and str(drawn.width) == "50%"
    root = ElementTree.fromstring(drawn.svg)
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "A <square>"


def test_the_same_note_has_the_same_bytes_and_another_another_name() -> None:
    first, again = figure(SQUARE, {"theme": "dark"}), figure(f"theme: dark\n{SQUARE}")
    assert first.picture == again.picture and first.file_name == again.file_name
    others = [
        figure(SQUARE),
        figure(SQUARE, {"theme": "light"}),
        figure("x = 4\nL = x**2", {"theme": "dark"}),
    ]
    assert len({drawn.key for drawn in (first, *others)}) == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"phase": "forward"}, "not computed"),
        ({"step": "0"}, 'class="gv-box kind-input absent'),
        ({"phase": "backward", "step": "1"}, "now"),
    ],
)
def test_a_moment_is_chosen(options: dict[str, str], said: str) -> None:
    drawn = figure(SQUARE, options)
    assert drawn.error is None and said in drawn.svg.decode()
    assert drawn.picture != figure(SQUARE).picture


def test_a_png_is_one() -> None:
    drawn = figure(SQUARE, {"format": "png"})
    assert drawn.picture.startswith(b"\x89PNG") and drawn.extension == ".png" and not drawn.svg


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"widht": "3"}, "There is no option 'widht'. Did you mean width?"),
        ({"zzz": ""}, "The options are alt, backward"),
        ({"width": "wide"}, "width='wide' is not possible: width is a width such as 600, 80% or 12cm."),
        ({"width": "0"}, "a width such as"),
        ({"theme": "pink"}, "theme is one of auto, light, dark"),
        ({"phase": "sideways"}, "one of forward, order, backward, update"),
        ({"step": "-1"}, "a whole number, 0 or more"),
        ({"pass": "x"}, "pass is a whole number; a negative one counts from the end."),
        ({"step": "99"}, "This pass has"),
        ({"step": "99", "phase": "backward"}, "The phase backward has 2 steps"),
        ({"depth": "x"}, "a whole number"),
        ({"format": "dot"}, "format is one of"),
        ({"player": "maybe"}, "player is yes or no"),
        ({"file": "no.gradviz"}, "There is both file=no.gradviz and a text"),
        ({"pass": "1"}, "expressions have one pass"),
        ({"exec": ""}, "This Python is not run, because nobody allowed it"),
        ({"exec": "", "root": "L"}, "root is for expressions"),
        ({"title": "x" * 3000}, "longer than"),
    ],
)
def test_wrong_options_are_told_with_their_place(options: dict[str, str], said: str) -> None:
    drawn = figure(SQUARE, options, file="notes.md", line=8)
    assert said in (drawn.error or "") and (drawn.error or "").startswith("notes.md:")
    assert not drawn.picture


def test_one_step_is_one_step_and_a_lost_file_is_looked_for_somewhere() -> None:
    said = figure("L = 3", {"phase": "forward", "step": "99"}).error
    assert said == "The phase forward has 1 step, so step can be 0 to 1."
    said = figure("", {"file": "gone/run.gradviz"}, folder="/nowhere").error or ""
    assert "gone/run.gradviz cannot be opened: No such file" in said and "/nowhere" not in said
    assert said.endswith("Paths begin at the folder of the document.")


def test_places_are_those_of_the_file() -> None:
    text = "title: one\nx = 1\nL = tanh(x*\n"
    assert figure(text, file="a.md", line=8).error == "a.md:10:9: '(' is never closed."
    assert figure(text, file="a.md").error == "a.md, line 3, column 9: '(' is never closed."
    assert figure(text).error == "line 3, column 9: '(' is never closed."
    assert figure("widht: 3\nL = 1", file="a.md", line=8).error.startswith("a.md:8: There is no option")
    assert figure(text).excerpt == "L = tanh(x*\n        ^"


def test_options_stand_on_the_first_line_or_at_the_top() -> None:
    assert words("""gradviz title="A 'b'" alt='c "d"' width: 50% player""") == [
        ("gradviz", None),
        ("title", "A 'b'"),
        ("alt", 'c "d"'),
        ("width", "50%"),
        ("player", None),
    ]
    assert options_of(words("run.gradviz pass=-1")) == {"file": "run.gradviz", "pass": "-1"}
    for wrong in ("=3", 'title="open', "title=='x'", "a=1 a=2"):
        with pytest.raises(Mistake):
            options_of(words(wrong))
    top = ":caption: a: b\ntitle: 'c'\nplayer:\nx = 1\nlate: 2"
    settled, text = settle(top, {"step": "2"})
    assert settled == {"step": 2, "caption": "a: b", "title": "c", "player": True}
    assert text == "\n\n\nx = 1\nlate: 2"
    with pytest.raises(Mistake, match="title is given twice"):
        settle("title: a", {"title": "b"})


def test_in_python_only_comments_are_options() -> None:
    text = "#| caption: one\nx: int = 3"
    assert settle(text, {"exec": ""}) == ({"exec": True, "caption": "one"}, "\nx: int = 3")
    assert settle(text, {"python": True})[0]["exec"] is True


def test_a_recording_is_named(recording: Path) -> None:
    folder = str(recording.parent)
    assert "L2" in figure("", {"file": "run.gradviz"}, folder=folder).alt
    assert "L3" in figure("pass: -1\n", {"file": "run.gradviz"}, folder=folder).alt
    missing = figure("", {"file": "no.gradviz"}, folder=folder)
    cure = "Paths begin at the folder of the document."
    assert missing.error == f"no.gradviz cannot be opened: No such file or directory. {cure}"
    assert "no pass 7" in (figure("", {"file": "run.gradviz", "pass": "7"}, folder=folder).error or "")


def test_another_recording_of_that_name_is_another_figure(recording: Path) -> None:
    folder = str(recording.parent)
    before = figure("", {"file": "run.gradviz"}, folder=folder).key
    recording.write_bytes(recording.read_bytes() + b"\0")
    assert figure("", {"file": "run.gradviz"}, folder=folder).key != before


def test_python_runs_when_allowed_and_elsewhere(tmp_path: Path) -> None:
    drawn = figure(
        f"import os, sys\n{SCRIPT}", {"exec": "", "pass": "1"}, allow_exec=True, folder=str(tmp_path)
    )
    assert drawn.error is None and "2 edges" not in drawn.alt and "= 27" in drawn.alt
    code = f"open('pid', 'w').write(str(__import__('os').getpid()))\n{SCRIPT}"
    assert figure(code, {"exec": ""}, allow_exec=True, folder=str(tmp_path)).picture
    assert int((tmp_path / "pid").read_text()) != os.getpid()
    (tmp_path / "pid").unlink()
    assert not figure(code, {"exec": ""}, folder=str(tmp_path)).picture
    assert not (tmp_path / "pid").exists()
    (tmp_path / "train.py").write_text(SCRIPT)
    assert "= 9" in figure("", {"file": "train.py"}, allow_exec=True, folder=str(tmp_path)).alt
    assert "not run" in (figure("", {"file": "train.py"}, folder=str(tmp_path)).error or "")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("x = 1\n\n1/0", "n.md:7: The code stopped: ZeroDivisionError: division by zero"),
        ("x = 1", "n.md:4: The code never called backward(), so there is nothing to draw."),
        ("x = (", "n.md:5: The code stopped: SyntaxError: '(' was never closed"),
        ("raise SystemExit(3)", "n.md:4: The code stopped: exit code 3"),
    ],
)
def test_python_that_stops_is_told_with_its_line(code: str, said: str) -> None:
    assert figure(code, {"exec": ""}, allow_exec=True, file="n.md", line=5).error == said


def test_python_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradviz.notes.sources.LONGEST_RUN", 2.0)
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('pid', 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    drawn = figure(code, {"exec": ""}, allow_exec=True, folder=str(tmp_path))
    assert "longer than 2 seconds" in (drawn.error or "")
    state = Path(f"/proc/{(tmp_path / 'pid').read_text()}/stat")
    assert not state.exists() or " Z " in state.read_text()


def test_no_player_is_a_picture_with_a_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradviz.player", None)
    drawn = figure(SQUARE, {"player": ""})
    assert "has no player" in (drawn.error or "") and drawn.picture


def test_a_player_is_framed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Player:
        @staticmethod
        def html(graph: object, **options: object) -> str:
            return f'<p title="a">{options}</p>'

    monkeypatch.setitem(sys.modules, "gradviz.player", Player)
    shown = html(figure(SQUARE, {"player": "", "step": "3", "title": "t"}))
    assert '<iframe sandbox="allow-scripts"' in shown
    assert "aspect-ratio:3/2;min-height:320px" in shown, "on a phone there is room for the picture"
    assert escape("<p title=\"a\">{'compact': True, 'title': 't', 'step': 3}") in shown


def test_a_cache_gives_back_what_it_was_given(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path / "cache"))
    first = figure(SQUARE, {"width": "3cm", "caption": "é"}, cache=cache)
    assert cache.get(first.key) == first
    assert figure(SQUARE, {"width": "3cm", "caption": "é"}, cache=cache) == first
    assert (tmp_path / "cache" / ".gitignore").read_text() == "*\n"
    (kept,) = (tmp_path / "cache").glob("*.json")
    for damage in ("", "{}", "[]", '{"width": 3}', kept.read_text()[:-9]):
        kept.write_text(damage)
        assert cache.get(first.key) is None
    assert figure("L = tanh(", cache=cache).error
    assert len(list((tmp_path / "cache").glob("*.json"))) == 1
    assert figure(SQUARE, cache=Cache("/dev/null/cache")).picture


def test_python_that_ran_before_is_shown_without_running(tmp_path: Path) -> None:
    cache, options = Cache(str(tmp_path)), {"exec": ""}
    drawn = figure(SCRIPT, options, allow_exec=True, cache=cache)
    assert figure(SCRIPT, options, cache=cache) == drawn and drawn.picture


def test_a_failure_of_ours_is_a_box_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("gradviz.notes.figures.graph_of", fail)
    assert figure(SQUARE).error == "gradviz could not draw this (ZeroDivisionError: oh)."


HOSTILE = ["<b>&\"'", "a](javascript:alert(1))", "</svg><script>alert(1)</script>", "\u202e\x00", "$x$ `y` |"]


@pytest.mark.parametrize("text", HOSTILE)
def test_strangers_words_stay_words(text: str) -> None:
    given = {"title": text, "alt": text, "caption": text, "class": text}
    drawn = figure(SQUARE, {key: given[key] for key in ("title", "alt", "caption")})
    closed = html(drawn, text, (text,)).replace('auto">', 'auto"/>')  # as XML wants it
    whole = ElementTree.fromstring(f"<div>{closed}</div>")
    assert [element.tag for element in whole.iter()] == ["div", "figure", "img", "figcaption"]
    boxed = html(Figure(error=text, excerpt=text))
    assert {element.tag for element in ElementTree.fromstring(boxed).iter()} <= {"div", "p", "pre"}


def test_superfences_never_refuses_and_never_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    options: dict[str, object] = {}
    attrs: dict[str, str] = {}
    assert accept("gradviz", {"player": "player", "nonsense": "x"}, options, attrs, None) is True
    assert options == {"player": "", "nonsense": "x"} and attrs == {}
    shown = fence(SQUARE, "gradviz", "gradviz", options, None, classes=["wide"], id_value="it", attrs={})
    assert "There is no option &#39;nonsense&#39;" in shown
    assert [record.name for record in caplog.records] == ["mkdocs.gradviz"]
    shown = fence(SQUARE, "gradviz", "gradviz", {}, None, classes=["wide"], id_value="it", attrs={})
    assert shown.startswith('<figure class="gradviz wide" id="it"><img src="data:image/svg+xml;base64,')


def test_importing_notes_is_light() -> None:
    code = "import sys, gradviz.notes; print(*{'networkx', 'sphinx', 'docutils'} & {*sys.modules})"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == ""


PAGE = Path(__file__).parent.parent / "docs/notes.md"


def test_fences_in_the_docs_can_be_drawn(tmp_path: Path, recording: Path) -> None:
    text = re.sub("^````.*\n", "", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = list(find(text.split("\n")))
    for note in found:
        drawn = figure(note.source, options_of(words(note.info)), allow_exec=True, folder=str(tmp_path))
        assert drawn.error is None and drawn.picture
        if note.drawn:
            assert note.drawn[1].startswith(f"![{drawn.alt}](img/gradviz-")
    assert len(found) == 4


def test_every_option_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, option in OPTIONS.items():
        assert f"`{name}`" in page, option.meaning
