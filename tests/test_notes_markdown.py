"""gradviz md: which fences are notes, what is written for them, and that doing it again changes nothing."""

import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
from html import unescape
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gradviz import Value, record
from gradviz.errors import GradvizError
from gradviz.notes.fences import END, HEAD, Note, find, hidden, shown
from gradviz.notes.files import prune, write, write_pictures
from gradviz.notes.mistake import Mistake
from gradviz.notes.rewrite import Written, rewrite
from gradviz.recording import Writer
from gradviz.renderers.escape import visible

FENCE = "```gradviz\nL = tanh(2*0.5)\n```"
PICTURE = re.compile(r"!\[Computation graph of [^]]*\]\(img/gradviz-[0-9a-f]{16}\.svg\)")


def notes(text: str) -> list[Note]:
    return list(find(text.split("\n")))


def drawn(text: str, folder: Path | str = ".", **options: object) -> Written:
    """Rewrite, and leave the pictures where the next call finds them."""
    written = rewrite(text, file="n.md", folder=str(folder), target=str(folder), **options)  # type: ignore[arg-type]
    write_pictures(str(folder), written.files)
    return written


def gradviz(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gradviz", "md", *map(str, args)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)


# -- finding -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        FENCE,
        FENCE.replace("`", "~"),
        FENCE.replace("```", "`````"),
        f"text\n{FENCE}\ntext",
        f"# h\n{FENCE}",
        "   " + FENCE.replace("\n", "\n   "),
        "- item\n\n  " + FENCE.replace("\n", "\n  "),
        "- " + FENCE.replace("\n", "\n  "),
        "1. a\n   - b\n\n     " + FENCE.replace("\n", "\n     "),
        "- a\n\n    " + FENCE.replace("\n", "\n    "),
        "```gradviz\nL = tanh(2*0.5)\n`````",
        "---\ntitle: ```gradviz\n---\n" + FENCE,
        "<!-- one line -->\n" + FENCE,
        FENCE.replace("```gradviz", "```{gradviz}"),
        FENCE.replace("```gradviz", "``` {.gradviz}"),
    ],
)
def test_notes_are_found(text: str) -> None:
    (note,) = notes(text)
    assert note.source == "L = tanh(2*0.5)" and note.info == ""
    assert text.split("\n")[note.first - 1].strip() == "L = tanh(2*0.5)"


@pytest.mark.parametrize(
    "text",
    [
        f"````md\n{FENCE}\n````",
        f"~~~\n{FENCE}\n~~~",
        "    " + FENCE.replace("\n", "\n    "),
        "text\n\n    " + FENCE.replace("\n", "\n    "),
        "> " + FENCE.replace("\n", "\n> "),
        f"<!--\n{FENCE}\n-->",
        f"<pre>\n{FENCE}\n</pre>",
        f"<div>\n{FENCE}\n</div>",
        f"---\na: |\n{FENCE}\n---\n",
        FENCE.replace("gradviz", "gradvizard"),
        FENCE.replace("gradviz", "python"),
        "```gradviz `x`\nL = 1\n",
        "`` ```gradviz ``",
    ],
)
def test_what_is_no_note_is_left_alone(text: str) -> None:
    assert notes(text) == []
    assert drawn(text).text == text


@pytest.mark.parametrize(
    "text", ["x\n\n```gradviz\nL = 1\n", "x\n\n- ```gradviz\n  L = 1\nend\n```", "x\n\n````gradviz\n```"]
)
def test_a_fence_without_end_is_told_with_its_line(text: str) -> None:
    with pytest.raises(Mistake, match="never closed") as raised:
        notes(text)
    assert raised.value.line == 3


@pytest.mark.parametrize("cut", [END, "\n-->", "```gradviz"])
def test_what_was_drawn_must_be_whole(cut: str, tmp_path: Path) -> None:
    text = drawn(FENCE, tmp_path).text
    with pytest.raises(Mistake, match="Restore it"):
        notes(text.replace(cut, ""))


@given(st.text(alphabet="-!\\> a", max_size=12))
def test_a_comment_cannot_be_ended_from_within(line: str) -> None:
    assert shown(hidden(line)) == line
    assert "-->" not in hidden(line) and "--!>" not in hidden(line)


# -- writing -------------------------------------------------------------------------------------------------


def test_a_fence_becomes_a_picture_and_stays_in_a_comment(tmp_path: Path) -> None:
    written = drawn(f"# A\n\n{FENCE}\n\nmore\n", tmp_path)
    lines = written.text.split("\n")
    assert lines[2:5] == [f"{HEAD}```gradviz", "L = tanh(2*0.5)", "-->"]
    assert PICTURE.fullmatch(lines[6]) and lines[8] == END and lines[9:] == ["", "more", ""]
    assert {*written.files} == written.names == {*os.listdir(tmp_path / "img")}


def test_options_are_seen_in_markdown(tmp_path: Path) -> None:
    options = 'title="A <b>" alt="x_1 [*] $y$" caption="*c*" width=12cm'
    text = drawn(f"```gradviz {options}\nL = 2*3\n```", tmp_path).text
    assert re.search(
        r'<img src="img/gradviz-\w+\.svg" alt="x_1 \[\*\] &#36;y&#36;" width="454" title="A &lt;b&gt;">', text
    )
    assert "\n\n*\\*c\\**\n" in text
    text = drawn(f"```gradviz {options.replace(' width=12cm', '')}\nL = 2*3\n```", tmp_path).text
    assert re.search(r'!\[x\\_1 \\\[\\\*\\\] &#36;y&#36;\]\(img/gradviz-\w+\.svg "A &lt;b&gt;"\)', text)


def test_line_ends_and_last_lines_stay_as_they_are(tmp_path: Path) -> None:
    for text in (f"a\r\n\r\n{FENCE}\r\nb".replace("\r\n", "\n").replace("\n", "\r\n"), FENCE, FENCE + "\n"):
        once = drawn(text, tmp_path).text
        assert (
            ("\r\n" in once) == ("\r\n" in text) and "\n" not in once.replace("\r\n", "") or "\r" not in text
        )
        assert once.endswith("\n") == text.endswith("\n")
        assert drawn(once, tmp_path).text == once


def test_a_changed_source_is_drawn_anew(tmp_path: Path) -> None:
    once = drawn(FENCE, tmp_path)
    again = drawn(once.text.replace("0.5", "0.25"), tmp_path)
    assert len(again.files) == 1 and not again.names & once.names
    assert drawn(again.text, tmp_path).files == {}


def test_a_lost_picture_is_drawn_again(tmp_path: Path) -> None:
    once = drawn(FENCE, tmp_path)
    (tmp_path / "img" / next(iter(once.files))).unlink()
    again = drawn(once.text, tmp_path)
    assert again.text == once.text and again.files == once.files


def test_mistakes_are_boxes_that_do_not_change(tmp_path: Path) -> None:
    wrong = ["```gradviz\ntitle: x\nL = tanh(2*\n```", "```gradviz widht=3\nL = 1\n```", "```gradviz =\n```"]
    text = "\n\n".join([FENCE, *wrong])
    once = drawn(text, tmp_path)
    assert [error.split(" ")[0] for error in once.errors] == ["n.md:7:9:", "n.md:10:", "n.md:14:"]
    excerpt = "> ```text\n> L = tanh(2*\n>         ^\n> ```"
    assert f"> **gradviz:** line 2, column 9: '(' is never closed.\n>\n{excerpt}" in once.text
    again = drawn(once.text, tmp_path)
    assert again.text == once.text and len(again.errors) == 3


def test_python_runs_only_when_allowed_and_its_picture_stays(tmp_path: Path) -> None:
    code = "from gradviz import Value\nx = Value(3.0, name='x')\n(x*x).backward()  # --> done"
    text = f"```python gradviz\n{code}\n```"
    refused = drawn(text, tmp_path)
    assert "not run" in refused.errors[0] and not refused.files
    once = drawn(refused.text, tmp_path, allow_exec=True)
    assert not once.errors and "= 9" in once.text
    assert drawn(once.text, tmp_path).text == once.text
    assert drawn(text, tmp_path, previous=once.text).text == once.text


SOURCES = [
    "L = tanh(2*0.5)",
    "alt: a]b\nx = 3\nx*x",
    "L = (",
    "",
    "# --> <!-- /gradviz -->\nL = 1*2",
    "x = 1\n\n\ty = x+1",
]
AROUND = [
    "",
    "",
    "text",
    "# h",
    "- item",
    "1. one",
    "   - deep",
    "> q",
    "<!-- c -->",
    "```c\nx\n```",
    "---",
    "    code",
    "| a |",
    "* * *",
]
INDENTS = ["", "", "  ", "   ", "    ", "      "]


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Fences, in and out of lists, with all sorts of things around them."""
    blocks = []
    for _ in range(draw(st.integers(1, 4))):
        blocks += draw(st.lists(st.sampled_from(AROUND), max_size=4))
        indent, mark = draw(st.sampled_from(INDENTS)), draw(st.sampled_from(["```", "````", "~~~"]))
        info = draw(st.sampled_from(["gradviz", "gradviz width=50%", "{gradviz}", "gradviz oops"]))
        first = draw(st.sampled_from([indent, indent, "- "]))
        rest = "  " if first == "- " else indent
        source = draw(st.sampled_from(SOURCES)).split("\n")
        blocks += [f"{first}{mark}{info}", *(rest + line if line else "" for line in source), rest + mark]
    return draw(st.sampled_from(["\n", "\r\n"])).join("\n".join(blocks).split("\n")) + draw(
        st.sampled_from(["", "\n"])
    )


@settings(max_examples=40)
@given(documents())
@example(f"- item\n\n  {FENCE.replace(chr(10), chr(10) + '  ')}\n- {FENCE.replace(chr(10), chr(10) + '  ')}")
def test_doing_it_again_changes_nothing(text: str) -> None:
    try:
        before = [note.source for note in notes(text.replace("\r\n", "\n"))]
    except Mistake:
        assume(False)
    with tempfile.TemporaryDirectory() as folder:
        once = drawn(text, folder)
        again = drawn(once.text, folder)
        assert again.text == once.text and not again.files and again.names == once.names
        assert [note.source for note in notes(once.text.replace("\r\n", "\n"))] == before
        assert len(once.errors) == len(again.errors)


# -- against a parser of CommonMark --------------------------------------------------------------------------

LINES = [
    "```gradviz",
    "```",
    "````",
    "````gradviz",
    "~~~gradviz",
    "~~~",
    "text",
    "- item",
    "1. one",
    "- ```gradviz",
]
LINES += [
    "",
    "",
    "* * *",
    "# h",
    "<!--",
    "-->",
    "<!-- c -->",
    "<pre>",
    "</pre>",
    "<div>",
    "<b>",
    "L = 1",
    "10) x",
    "-",
]
LINES += ["```c", "+ - ```gradviz", "<details><summary>x</summary>"]


@given(
    st.lists(st.tuples(st.sampled_from([*INDENTS, "\t"]), st.sampled_from(LINES)).map("".join), max_size=14)
)
@settings(max_examples=400)
def test_fences_are_those_of_commonmark(lines: list[str]) -> None:
    parser = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed").MarkdownIt(
        "commonmark"
    )
    assume("</pre>" not in map(str.strip, lines) or "<pre>" in map(str.strip, lines))
    try:
        found = [note.source for note in find(lines)]
    except Mistake:  # that no fence is left open is our own rule
        return
    tokens = [token for token in parser.parse("\n".join(lines)) if token.type == "fence"]
    wanted = [token.content.rstrip("\n") for token in tokens if token.info.strip() == "gradviz"]
    assert [source.rstrip("\n") for source in found] == wanted


@settings(max_examples=40)
@given(documents())
def test_readers_see_pictures_where_fences_were(text: str) -> None:
    parser = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed").MarkdownIt(
        "commonmark"
    )
    try:
        assume(
            notes(text.replace("\r\n", "\n")) and not text.startswith("---")
        )  # front matter is not CommonMark
    except Mistake:
        assume(False)
    with tempfile.TemporaryDirectory() as folder:
        once = drawn(text, folder)
    pictures = [note for note in notes(once.text.replace("\r\n", "\n")) if "img/" in "".join(note.drawn)]
    page = parser.render(once.text)
    assert page.count("<img ") == len(pictures)
    assert 'class="language-gradviz' not in page


@pytest.mark.parametrize("extensions", [[], ["fenced_code"], ["pymdownx.superfences"]], ids=str)
def test_python_markdown_sees_them_too(extensions: list[str], tmp_path: Path) -> None:
    """It looks for fences before it looks for comments."""
    markdown = pytest.importorskip("markdown", reason="Python-Markdown is not installed")
    pytest.importorskip("pymdownx", reason="pymdown-extensions is not installed")
    blocks = [FENCE, FENCE.replace("```gradviz", '```gradviz caption="one" alt="x"'), FENCE.replace("`", "~")]
    text = "\n\n".join(["# A", *blocks, "```python\nprint(1)\n```", "- item", *blocks, "end"])
    page = markdown.markdown(drawn(text, tmp_path).text, extensions=extensions)
    assert page.count("<img ") == 6 and "<p>end</p>" in page


NAMES = [
    "`x`", "a|b", "a](javascript:alert(1))", "![a](b)", "<b>&amp;", "$x$", "*a* _b_", "---", "# h", "-->",
    "<!-- /gradviz -->", "~~a~~", "\\\\", "a\n\n# b", "</script>", "[[a]]", "{{ a }}", "\u202ex", "🙂",
]  # fmt: skip


@pytest.mark.parametrize("width", ["", " width=300"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_a_recording_stays_a_name(name: str, width: str, tmp_path: Path) -> None:
    """Its value is described beside the picture, in Markdown and in HTML; drawing again finds it all."""
    parser = (
        pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
        .MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
    )
    x = Value(2.0, name="x")
    y = x * 3.0
    y.name = name
    y.backward()
    writer = Writer(str(tmp_path / "run.gradviz"), {})
    writer.add(record(y))
    writer.finish()
    once = drawn(f"---\na: b\n---\n\n```gradviz run.gradviz{width}\n```\n\nAfter.\n", tmp_path)
    assert once.errors == []
    page = parser.render(once.text.split("---\n\n", 1)[1])
    assert page.count("<img ") == 1 and page.count("<p>After.</p>") == 1
    assert "<h1>" not in page and "<a " not in page and "<script" not in page and "<b>" not in page
    (alt,) = re.findall('alt="([^"]*)"', page)
    shown = " ".join(visible(name).split())
    assert unescape(alt).startswith(f"Computation graph of {shown}: 3 values, 2 edges")
    assert drawn(once.text, tmp_path).text == once.text


# -- the command ---------------------------------------------------------------------------------------------


def test_a_file_is_drawn_in_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "a b#c"
    folder.mkdir()
    (folder / "my notes#1.md").write_bytes(b"\xef\xbb\xbf" + FENCE.encode())
    os.chmod(folder / "my notes#1.md", 0o640)
    done = gradviz("my notes#1.md", cwd=folder)
    assert done.returncode == 0 and done.stderr == "gradviz: my notes#1.md: 1 of 1 picture drawn.\n"
    text = (folder / "my notes#1.md").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf" + HEAD.encode())
    assert (folder / "my notes#1.md").stat().st_mode & 0o777 == 0o640
    stamp = (folder / "my notes#1.md").stat().st_mtime_ns
    done = gradviz("my notes#1.md", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "my notes#1.md").stat().st_mtime_ns == stamp
    assert sorted(os.listdir(folder)) == ["img", "my notes#1.md"]


def test_another_file_is_written_only_if_it_is_ours(tmp_path: Path) -> None:
    (tmp_path / "in.md").write_text(FENCE)
    assert gradviz("in.md", "-o", "out.md", cwd=tmp_path).returncode == 0
    assert (tmp_path / "in.md").read_text() == FENCE
    (tmp_path / "in.md").write_text(FENCE.replace("0.5", "0.25"))
    assert gradviz("in.md", "-o", "out.md", cwd=tmp_path).returncode == 0
    (tmp_path / "mine.md").write_text("mine")
    done = gradviz("in.md", "-o", "mine.md", cwd=tmp_path)
    assert done.returncode == 1 and "gradviz md did not write it" in done.stderr
    assert (tmp_path / "mine.md").read_text() == "mine"
    assert gradviz("in.md", "-o", "mine.md", "--force", cwd=tmp_path).returncode == 0
    done = gradviz("in.md", "-o", "-", cwd=tmp_path)
    assert done.stdout == (tmp_path / "mine.md").read_text()
    done = gradviz("in.md", "out.md", "-o", "x.md", cwd=tmp_path)
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a\n\nb\xff\n", "n.md:3: byte 0xff is not UTF-8. Save it as UTF-8."),
        (b"a\n\n```gradviz\nL = 1\n", "n.md:3: This fence is never closed."),
    ],
)
def test_a_file_that_cannot_be_drawn_is_left_as_it_is(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "n.md").write_bytes(data)
    done = gradviz("n.md", cwd=tmp_path)
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / "n.md").read_bytes() == data and os.listdir(tmp_path) == ["n.md"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"{FENCE}\n\n```gradviz\nL = (\n```\n",
            ["n.md:6:5: '(' is never closed.", "n.md: 1 of 2 pictures drawn."],
        ),
        ("```gradviz\nL = (\n```\n", ["n.md:2:5: '(' is never closed.", "n.md: 0 of 1 picture drawn."]),
        (FENCE.replace("gradviz", "gradviz player"), ["n.md: 1 of 1 picture drawn, 1 player written."]),
        ("> " + FENCE.replace("\n", "\n> "), ["n.md has no gradviz fence to draw. Those in quotes"]),
        ("# Nothing here\n", ["n.md has no gradviz fence to draw."]),
    ],
)
def test_what_was_drawn_is_told_in_numbers(text: str, said: list[str], tmp_path: Path) -> None:
    (tmp_path / "n.md").write_text(text)
    done = gradviz("n.md", cwd=tmp_path)
    assert done.returncode == 0
    told = done.stderr.splitlines()
    assert len(told) == len(said)
    for line, start in zip(told, said, strict=True):
        assert line.startswith(f"gradviz: {start}")
    (tmp_path / "m.md").write_text("# Nothing here\n")
    assert "m.md" not in gradviz("n.md", "m.md", cwd=tmp_path).stderr, "among others it is no mistake"


def test_strict_writes_nothing_if_anything_is_wrong(tmp_path: Path) -> None:
    text = f"{FENCE}\n\n```gradviz\nL = (\n```\n"
    (tmp_path / "n.md").write_text(text)
    done = gradviz("--strict", "n.md", cwd=tmp_path)
    assert done.returncode == 1 and "n.md:6:5: '(' is never closed." in done.stderr
    assert (tmp_path / "n.md").read_text() == text and os.listdir(tmp_path) == ["n.md"]
    assert gradviz("n.md", cwd=tmp_path).returncode == 0
    assert gradviz("missing.md", cwd=tmp_path).returncode == 1


def test_pictures_that_nobody_shows_are_removed_on_request(tmp_path: Path) -> None:
    folder = tmp_path / "img"
    folder.mkdir()
    stale, other = "gradviz-0123456789abcdef.svg", "gradviz-fedcba9876543210.svg"
    for name in (stale, other, "gradviz-mine.svg", "photo.png"):
        (folder / name).touch()
    (tmp_path / "b.md").write_text(f"![x](img/{other})")
    (tmp_path / "a.md").write_text(FENCE)
    assert gradviz("a.md", cwd=tmp_path).returncode == 0 and (folder / stale).exists()
    done = gradviz("a.md", "--prune", cwd=tmp_path)
    assert f"removed {os.path.join(str(tmp_path), 'img', stale)}" in done.stderr
    left = {*os.listdir(folder)}
    assert left > {other, "gradviz-mine.svg", "photo.png"} and stale not in left and len(left) == 4
    assert prune(str(tmp_path / "nowhere"), set()) == []


def test_a_failing_disk_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "n.md").write_text("old")
    with pytest.raises(Exception, match="cannot be written"):
        write(str(tmp_path / "n.md" / "x"), b"new")
    link = tmp_path / "link.md"
    link.symlink_to("n.md")
    assert write(str(link), b"new") and link.is_symlink() and (tmp_path / "n.md").read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["link.md", "n.md"]
    (tmp_path / "img").touch()
    with pytest.raises(GradvizError, match=r"img is not a folder\. Rename or remove it\."):
        write(str(tmp_path / "img" / "a.svg"), b"new")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(GradvizError, match="pipe cannot be written: it is not a file"):
        write(str(tmp_path / "pipe"), b"new")
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode), "a device is not replaced by a file"


def test_watch_draws_after_each_change(tmp_path: Path) -> None:
    note = tmp_path / "n.md"
    note.write_text(FENCE)
    command = [sys.executable, "-m", "gradviz", "md", "--watch", "n.md"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as child:
        try:
            until(lambda: END in note.read_text())
            note.write_text(note.read_text().replace("0.5", "0.25"))
            until(lambda: len(os.listdir(tmp_path / "img")) == 2)
            note.write_text("```gradviz\n")
            time.sleep(1)
            note.write_text(FENCE.replace("0.5", "0.125"))
            until(lambda: len(os.listdir(tmp_path / "img")) == 3)
        finally:
            child.send_signal(signal.SIGINT)
        told = child.communicate(timeout=30)[1]
    assert "n.md:1: This fence is never closed." in told and "Traceback" not in told


def until(done: object) -> None:
    for _ in range(300):
        if done():  # type: ignore[operator]
            return
        time.sleep(0.1)
    raise AssertionError("nothing happened in 30 seconds")
