"""The recording file: what goes in comes out, and damage is named, never shown as a number."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradviz import Value, record
from gradviz.errors import NotFoundError, RecordingError
from gradviz.graph import COLUMNS, Graph, Span, Update
from gradviz.recording import PassInfo, Recording, Writer, columns, file, graphs, schema

HOSTILE = [
    "",
    "a\x1b[31m",
    "\u202e",
    "\ud800",
    "\0",
    "x" * 10_000,
    "a:b",
    "<b>",
    "🙂",
    "NaN",
    "n9",
    '"',
    "\\",
]


def small_graph(scale: float = 2.0) -> Graph:
    x, w = Value(scale, name="x"), Value(-3.0, name="w", kind="param")
    loss = (x * w + w).tanh() * x
    loss.backward()
    return record(loss)


def array_graph() -> Graph:
    w = Value(np.arange(6.0).reshape(2, 3), name="w", kind="param")
    loss = (w * w)[0, 1:].sum()
    loss.backward()
    return record(loss)


def rich_graph() -> Graph:
    """Everything a graph can hold, with texts and numbers of strangers."""
    graph = array_graph()
    after = np.array([[1.0, np.nan, -0.0], [np.inf, -np.inf, 1e-310]])
    updates = [
        Update(0, after * 2, after, "SGD(lr=0.1)", Span("ü\ud800.py", 3, 3, 0, 9, "f")),
        Update(0, 1.0, 2.0),
    ]
    names = dict(enumerate(HOSTILE[: len(graph)]))
    attrs = graph.attrs | {
        0: {
            "index": (slice(None, 3, -1), ..., None, np.array([1, 0]), 1),
            "axis": (0, 1),
            "slope": float("inf"),
        }
    }
    meta = {"note": HOSTILE, "x": float("nan"), "n": {1: (2, [3])}}
    return graph.replace(updates=updates, names=names, attrs=attrs, meta=meta)


def write(path: Path, *graphs_: Graph, **meta: object) -> Path:
    writer = Writer(path, meta)
    for graph in graphs_:
        writer.add(graph)
    writer.source("a.py", "x = 1\n")
    writer.finish(exit_code=0)
    return path


def plain(thing: object) -> object:
    """Something comparable that tells NaN, -0.0 and types apart."""
    if isinstance(thing, np.ndarray):
        return thing.dtype.str, thing.shape, thing.tobytes()
    if isinstance(thing, dict):
        return {key: plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return type(thing).__name__, [plain(item) for item in thing]
    if isinstance(thing, Update):
        return plain([thing.node, thing.before, thing.after, thing.rule, thing.source])
    return repr(thing) if isinstance(thing, float) else thing


def facts(graph: Graph) -> object:
    return [plain(getattr(graph, name)) for name in (*COLUMNS, "cotangent", "local", "has_cotangent")]


# -- what goes in comes out


@pytest.mark.parametrize("make", [small_graph, array_graph, rich_graph])
def test_a_graph_comes_back_bit_for_bit(tmp_path: Path, make) -> None:
    graph = make()
    with Recording.open(write(tmp_path / "a.gradviz", graph)) as recording:
        assert facts(recording.graph(0)) == facts(graph)
        assert recording.damage == ()


def test_measured_cotangents_are_kept(tmp_path: Path) -> None:
    graph = small_graph()
    strange = graph.replace(
        cotangent=np.arange(graph.edge_count) + 0.5,
        local=np.full(graph.edge_count, 7.0),
        has_cotangent=np.ones(graph.edge_count, bool),
    )
    path = write(tmp_path / "a.gradviz", graph, strange)
    with Recording.open(path) as recording:
        assert recording.graph(1).cotangent.tolist() == strange.cotangent.tolist()
        stored = [set(recording_columns(path, index)) for index in (0, 1)]
    assert stored[1] - stored[0] == {"cotangent", "local", "has_cotangent"}


def recording_columns(path: Path, index: int) -> list[str]:
    with sqlite3.connect(path) as db:
        return [name for (name,) in db.execute("SELECT name FROM column WHERE id / 256 = ?", (index,))]


def test_pass_facts_are_known_without_loading(tmp_path: Path) -> None:
    graph = small_graph().replace(meta={"file": "t.py", "line": 7, "backward": True})
    with Recording.open(write(tmp_path / "a.gradviz", graph, small_graph(3.0), script="t.py")) as recording:
        first, second = recording.passes
        loss = graph.data_of(graph.root)
        assert first == PassInfo(0, len(graph), graph.edge_count, loss, "t.py", 7, True, 0, None)
        assert second.file == __file__ and second.index == 1
        assert recording.meta["script"] == "t.py" and recording.meta["finished"]
        assert recording.sources == {"a.py": "x = 1\n"}


def test_a_recording_in_memory_is_the_same(tmp_path: Path) -> None:
    held = [small_graph(), array_graph()]
    with Recording.open(write(tmp_path / "a.gradviz", *held)) as stored:
        memory = Recording.of(held, sources={"a.py": "x = 1\n"})
        assert memory.passes == stored.passes
        assert [facts(graph) for graph in memory] == [facts(graph) for graph in stored]


def test_updates_come_after_their_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.gradviz"
    writer = Writer(path)
    graph = small_graph()
    index = writer.add(graph)
    node = graph.find("w")
    writer.update(index, [Update(node, np.ones(2), np.ones(2))])
    writer.update(index, [Update(node, -3.0, -3.1, "", Span("t.py", 4)), Update(node, -3.1, -3.2, "again")])
    writer.finish()
    with Recording.open(path) as recording:
        assert recording.passes[0].updated == 2
        assert [update.after for update in recording.graph(0).updates] == [-3.1, -3.2]
        assert recording.graph(0).updates[0].source == Span("t.py", 4)


def test_a_large_array_is_left_out_and_said_to_be(tmp_path: Path) -> None:
    w = Value(np.ones((400, 400)), name="w")
    loss = w.sum()
    loss.backward()
    with Recording.open(write(tmp_path / "a.gradviz", record(loss))) as recording:
        graph = recording.graph(0)
        assert graph.data_of(0) is None
        assert "400×400" in graph.meta["left_out"]["data"][0]


@given(
    hnp.arrays(
        st.sampled_from([np.int64, np.int32, np.uint8, np.float64, np.bool_]), hnp.array_shapes(max_dims=1)
    )
)
def test_any_column_comes_back(values: np.ndarray) -> None:
    column = columns.pack(values)
    assert np.array_equal(columns.unpack(column), values, equal_nan=values.dtype.kind == "f")
    assert len(column.blob) <= values.nbytes + 64


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [
        (np.random.default_rng(0).random(50_000), 6.0, 7.2),  # digits are kept, signs and exponents shrink
        (np.repeat(np.random.default_rng(0).random(1_000), 50), 0.0, 0.6),  # gradients of a sum: runs
        (np.where(np.arange(50_000) % 7, 0.0, np.random.default_rng(0).random(50_000)), 0.0, 4.0),
        (np.random.default_rng(0).choice(np.random.default_rng(1).random(9), 50_000), 0.0, 6.0),
    ],
)
def test_what_repeats_shrinks_and_digits_are_kept(values: np.ndarray, least: float, most: float) -> None:
    assert least <= len(columns.pack(values).blob) / len(values) <= most


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.slices(9) | st.just(...),
        lambda inner: (
            st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner)
        ),
        max_leaves=8,
    )
)
def test_any_plain_thing_comes_back(thing: object) -> None:
    assert plain(columns.unpack_json(columns.pack_json(thing))) == plain(thing)


def test_bytes_per_node(tmp_path: Path) -> None:
    """A network as micrograd builds it: far below 40 bytes a value."""
    xs = [Value(float(i % 7) - 3) for i in range(30)]
    w = [[Value(float((i * j) % 5) / 3 - 0.7, kind="param") for i in range(30)] for j in range(40)]
    loss = sum(
        (sum((wi * xi for wi, xi in zip(row, xs, strict=True)), Value(0.1)).tanh() for row in w), Value(0.0)
    )
    loss.backward()
    graph = record(loss)
    path = write(tmp_path / "a.gradviz", *[graph] * 20)
    assert path.stat().st_size / (20 * len(graph)) < 25


# -- the file and its writer


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.gradviz"
    path.write_text("precious")
    with pytest.raises(RecordingError, match="exists already"):
        Writer(path)
    assert path.read_text() == "precious"
    write_over = Writer(path, overwrite=True)
    write_over.finish()
    assert len(Recording.open(path)) == 0


@pytest.mark.parametrize("where", ["missing/a.gradviz", "."])
def test_a_place_that_cannot_be_written(tmp_path: Path, where: str) -> None:
    with pytest.raises(RecordingError, match="cannot be written|exists already"):
        Writer(tmp_path / where, overwrite=True)


def test_one_file_stays(tmp_path: Path) -> None:
    write(tmp_path / "a.gradviz", small_graph())
    assert [path.name for path in tmp_path.iterdir()] == ["a.gradviz"]


def test_finishing_twice_is_fine(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.gradviz")
    writer.finish()
    writer.finish()


@pytest.mark.parametrize("name", ["a b#c?d%20.gradviz", "ünï🙂.gradviz", "a\nb.gradviz", "-x.gradviz"])
def test_any_file_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(name), small_graph())
    with Recording.open(name) as recording:
        assert len(recording.graph(0)) == len(small_graph())


def test_a_read_only_folder_and_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gradviz", small_graph())
    path.chmod(stat.S_IRUSR)
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with Recording.open(path) as recording:
            assert len(recording.graph(0))
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_reading_while_it_is_written(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.gradviz", {"script": "t.py"})
    writer.add(small_graph())
    with Recording.open(tmp_path / "a.gradviz") as early:
        writer.add(small_graph(3.0))
        assert len(early) == 1 and not early.meta["finished"] and len(early.graph(0))
        with Recording.open(tmp_path / "a.gradviz") as late:
            assert len(late) == 2
        writer.finish()
    with Recording.open(tmp_path / "a.gradviz") as done:
        assert done.meta["finished"]


def test_a_forked_child_writes_nothing(tmp_path: Path) -> None:
    script = """
        import os, sys
        from gradviz import Value, record
        from gradviz.recording import Recording, Writer
        writer = Writer(sys.argv[1])
        loss = Value(2.0) * 3.0
        loss.backward()
        writer.add(record(loss))
        if os.fork() == 0:
            writer.add(record(loss))
            writer.source("x", "y")
            writer.finish()
            sys.exit(0)
        os.wait()
        writer.add(record(loss))
        writer.finish()
        with Recording.open(sys.argv[1]) as recording:
            assert len(recording) == 2 and recording.sources == {} and not recording.damage
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), tmp_path / "a.gradviz"], check=True)


WRITE_FOR_EVER = """
import sys
from gradviz import Value, record
from gradviz.recording import Writer
writer = Writer(sys.argv[1])
x = Value(2.0, name="x")
for i in range(10**9):
    loss = (x * float(i) + 1.0).tanh()
    loss.backward()
    writer.add(record(loss))
    if i == 3:
        print(flush=True)
"""


@pytest.mark.parametrize("wait", [0.0, 0.003, 0.02, 0.1])
def test_readable_after_kill_9(tmp_path: Path, wait: float) -> None:
    path = tmp_path / "a.gradviz"
    child = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, path], stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
    with Recording.open(path) as recording:
        assert len(recording) >= 4 and not recording.damage and not recording.meta["finished"]
        for index, graph in enumerate(recording):
            assert index in graph.data and not graph.validate()
    (tmp_path / "a.gradviz-shm").unlink(missing_ok=True)  # copied without it
    with Recording.open(path) as again:
        assert len(again) >= 4


def test_readable_without_its_log(tmp_path: Path) -> None:
    """Somebody copied only the one file of a run that was killed."""
    writer = Writer(tmp_path / "a.gradviz")
    writer.add(small_graph())
    copy = tmp_path / "copy.gradviz"
    copy.write_bytes((tmp_path / "a.gradviz").read_bytes())
    with Recording.open(copy) as recording:
        assert len(recording) == 0  # all of it was still in the log
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.gradviz"]
    writer.finish()


def test_a_full_disk_leaves_the_prefix(tmp_path: Path) -> None:
    script = """
        import resource, sys
        from gradviz import Value, record
        from gradviz.errors import RecordingError
        from gradviz.recording import Writer
        writer = Writer(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        loss = Value(2.0) * 3.0
        loss.backward()
        for count in range(10_000):
            try:
                writer.add(record(loss))
            except RecordingError as error:
                print(count)
                print(error)
                break
        try:
            writer.finish()
        except RecordingError:
            pass
    """
    command = [sys.executable, "-c", textwrap.dedent(script), tmp_path / "a.gradviz"]
    count, message = subprocess.check_output(command, text=True).splitlines()
    assert "cannot be written" in message
    with Recording.open(tmp_path / "a.gradviz") as recording:
        assert len(recording) == int(count) > 0
        assert all(len(graph) == 3 for graph in recording)


GOLDEN = Path(__file__).parent / "golden"


def golden_graph() -> Graph:
    """A graph made by hand, so that nothing but the format decides whether the old file still says this."""
    return Graph(
        op_names=["", "mul", "tanh"],
        op=[0, 0, 1, 2],
        kind=[1, 2, 3, 3],
        input_start=[0, 0, 0, 2, 3],
        input=[0, 1, 2],
        data=[2.0, -0.5, -1.0, -0.7615941559557649],
        grad=[float("nan"), 0.8399486832280523, 0.41997434161402614, 1.0],
        has_grad=[False, True, True, True],
        prior=[0.0, 0.25, 0.0, 0.0],
        scopes=["", "MLP/layers[0]"],
        scope=[0, 1, 1, 0],
        spans=[None, Span("a.py", 3, 3, 4, 9, "f")],
        source=[0, 1, 1, 1],
        names={0: "x", 1: "w", 3: "loss"},
        attrs={0: {"axis": (0, 1), "index": slice(None, 2)}},
        arrays={"prior": {0: np.array([[1.0, 2.0]], np.float32)}},
        updates=[Update(1, -0.5, -0.584, "SGD(lr=0.1)", Span("a.py", 9)), Update(0, np.ones(2), np.zeros(2))],
        meta={"backward": True, "file": "a.py", "line": 8},
    )


def golden_long_graph() -> Graph:
    """Long enough for every coding: constant columns, columns that compress, and digits that do not."""
    n = 3_000
    data = [(i * 7_919 % 1_009) / 1_009 - 0.5 for i in range(n)]
    return Graph(
        op_names=["", "mul", "tanh"],
        op=[0, 0] + [1 + i % 2 for i in range(2, n)],
        kind=[1, 2] + [3] * (n - 2),
        input_start=np.concatenate(([0, 0, 0], np.cumsum([2 - i % 2 for i in range(2, n)]))),
        input=[j for i in range(2, n) for j in ((i - 1, i * 13 % i) if i % 2 == 0 else (i - 1,))],
        data=data,
        grad=[-0.0 if i % 3 else x for i, x in enumerate(data)],
        has_grad=[False] + [True] * (n - 1),
        scopes=["", "deep"],
        scope=[i % 70 == 0 for i in range(n)],
        meta={"backward": True},
    )


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("version-*.gradviz")), ids=lambda path: path.stem)
def test_older_versions_open_for_ever(path: Path) -> None:
    """One file per version that was ever released. Never write one of them anew."""
    with Recording.open(path) as recording:
        assert recording.damage == () and len(recording) == (1 if path.stem == "version-1" else 2)
        assert recording.meta["script"] == "a.py" and recording.meta["exit_code"] == 0
        assert recording.sources == {"a.py": "x = 1\n"}
        for graph, golden in zip(recording, (golden_graph, golden_long_graph), strict=False):
            assert facts(graph) == facts(golden())


def test_this_version_has_its_golden_file() -> None:
    assert (GOLDEN / f"version-{schema.VERSION}.gradviz").exists()


# -- damage


def contents(path: Path) -> object:
    """All that a recording says, or how it says that it cannot."""
    try:
        recording = Recording.open(path)
    except RecordingError:
        return "refused"
    with recording:
        found: list[object] = [recording.damage, plain(recording.meta), recording.sources, recording.passes]
        for index in range(len(recording)):
            try:
                found.append(facts(recording.graph(index)))
            except RecordingError as error:
                assert f"Pass {index}" in error.message
                found.append("refused")
        return found


def check_damaged(path: Path, sound: list[object]) -> str:
    """Whatever a damaged file still says is what the sound one said."""
    found = contents(path)
    if found == "refused":
        return "refused"
    assert isinstance(found, list)
    damage, meta, sources, passes, *graphs_ = found
    _, sound_meta, sound_sources, sound_passes, *sound_graphs = sound
    if found == sound:
        return "sound"
    if damage:
        assert sources.items() <= sound_sources.items()
        assert all(info == true or info.error for info, true in zip(passes, sound_passes, strict=False))
    else:
        assert (meta, sources, passes) == (sound_meta, sound_sources, sound_passes)
    assert all(g in ("refused", true) for g, true in zip(graphs_, sound_graphs, strict=False))
    return "said"


@pytest.fixture(scope="module")
def sound_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("sound") / "a.gradviz", small_graph(), rich_graph(), script="t.py")


STRIDE = int(os.environ.get("GRADVIZ_FLIP_STRIDE", "127"))  # 1 flips every byte, and takes minutes


def test_flipped_bytes(tmp_path: Path, sound_file: Path) -> None:
    data, sound = sound_file.read_bytes(), contents(sound_file)
    assert isinstance(sound, list)
    path, verdicts = tmp_path / "a.gradviz", {"refused": 0, "said": 0, "sound": 0}
    for at in [*range(100), *range(100, len(data), STRIDE)]:
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        verdicts[check_damaged(path, sound)] += 1
    assert all(verdicts.values()), verdicts


def test_cut_at_many_lengths(tmp_path: Path, sound_file: Path) -> None:
    data, sound = sound_file.read_bytes(), contents(sound_file)
    assert isinstance(sound, list)
    path = tmp_path / "a.gradviz"
    for length in [*range(0, 200, 7), *range(200, len(data), 301)]:
        path.write_bytes(data[:length])
        assert check_damaged(path, sound) != "sound"


def test_a_damaged_pass_leaves_the_others(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gradviz", small_graph(), small_graph(3.0), small_graph(4.0))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE column SET blob = x'00' WHERE id / 256 = 1 AND name = 'data'")
    db.close()
    with Recording.open(path) as recording:
        with pytest.raises(RecordingError, match="Pass 1 .*'data' does not match.* other passes"):
            recording.graph(1)
        assert facts(recording.graph(2)) == facts(small_graph(4.0))


def test_a_cut_file_gives_what_is_left(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gradviz", *[small_graph(float(i)) for i in range(40)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with Recording.open(path) as recording:
        assert "cut short" in recording.damage[0]
        readable = 0
        for index in range(len(recording)):
            try:
                readable += facts(recording.graph(index)) == facts(small_graph(float(index)))
            except RecordingError:
                pass
        assert readable > 10


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"text\n" * 99, b"PK\3\4" * 99, b"\x80\4." * 99, b"\x93NUMPY" * 30, file.MAGIC + bytes(500)],
)
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.gradviz"
    path.write_bytes(data)
    with pytest.raises(RecordingError, match="empty|not a gradviz recording: it starts with"):
        Recording.open(path)


def test_an_sqlite_file_of_somebody_else(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.gradviz") as db:
        db.execute("CREATE TABLE t(x)")
    db.close()
    with pytest.raises(RecordingError, match="not a gradviz recording"):
        Recording.open(tmp_path / "a.gradviz")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE VIEW v AS SELECT 1",
        "CREATE TRIGGER t AFTER INSERT ON pass BEGIN SELECT 1; END",
        "ALTER TABLE pass ADD COLUMN x",
        "DROP TABLE source",
    ],
)
def test_a_schema_of_somebody_else(tmp_path: Path, sql: str) -> None:
    path = write(tmp_path / "a.gradviz", small_graph())
    with sqlite3.connect(path) as db:
        db.execute(sql)
    db.close()
    with pytest.raises(RecordingError, match="tables"):
        Recording.open(path)


def test_a_newer_version_names_both_and_the_cure(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gradviz", small_graph())
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 7")
    db.close()
    with pytest.raises(RecordingError, match=rf"version 7.* {schema.VERSION}\..*pip install --upgrade"):
        Recording.open(path)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for path, what in [
        (tmp_path, "directory"),
        (tmp_path / "pipe", "pipe"),
        (Path("/dev/zero"), "device"),
        (tmp_path / "loop", "cannot be opened"),
        (tmp_path / "missing", "No such file"),
        (Path("a\0b"), "cannot be opened"),
    ]:
        with pytest.raises(RecordingError, match=what):
            Recording.open(path)


def forge(path: Path, index: int, **changes: object) -> None:
    """Change a column and seal it again, as somebody would who means harm."""
    with sqlite3.connect(path) as db:
        names = ["id", "name", "dtype", "length", "codec", "blob"]
        found = db.execute(f"SELECT {', '.join(names)} FROM column WHERE id / 256 = ?", (index,)).fetchall()
        row = next(dict(zip(names, row, strict=True)) for row in found if row[1] == changes["name"]) | changes
        sealed = schema.crc("column", *row.values())
        db.execute("INSERT OR REPLACE INTO column VALUES (?, ?, ?, ?, ?, ?, ?)", (*row.values(), sealed))
    db.close()


def coded(values: list[int] | list[float]) -> dict[str, object]:
    column = columns.pack(np.array(values))
    return {"dtype": column.dtype, "length": column.length, "codec": column.codec, "blob": column.blob}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "data", "length": 1 << 62},
        {"name": "data", "length": -1},
        {"name": "data", "dtype": "object"},
        {"name": "data", "dtype": "<f2"},
        {"name": "data", "codec": "pickle"},
        {"name": "data", "codec": "zlib", "blob": zlib.compress(bytes(1 << 28))},
        {"name": "data", "codec": "zlib", "blob": b"not zlib"},
        {"name": "data", "codec": "planes", "blob": b"\1\0\0\0"},
        {"name": "data", "codec": "planes", "blob": b"\xff\xff\xff\xff" * 8},
        {"name": "data", "codec": "planes", "blob": b"\6\0\0\0" * 8 + bytes(49)},
        {"name": "data", "codec": "fill", "blob": b"\0"},
        {"name": "arity", "length": 1 << 40},
        {"name": "arity", **coded([0, 0, 2, 2, 1, 1 << 60])},
        {"name": "arity", **coded([0, 0, -2, 2, 1, 6])},
        {"name": "back", **coded([1, 2, -3, 1, 1, 1, 1])},
        {"name": "back", **coded([1, 2, 99, 1, 1, 1, 1])},
        {"name": "op", **coded([0, 0, 1, 1, 1, 999])},
        {"name": "kind", **coded([0, 0, 1, 1, 1, -1])},
        {"name": "source", **coded([0, 0, 1, 1, 1, 1 << 40])},
        {"name": "has_grad", "dtype": "|b1", "codec": "raw", "blob": b"\2" * 6},
        {"name": "facts", "blob": zlib.compress(b"{" * 1000), "length": 1000},
        {"name": "facts", "blob": zlib.compress(b"[" * 200_000), "length": 200_000},
        {"name": "facts", "blob": zlib.compress(b'{"dict":[]}'), "length": 11},
        {"name": "facts", "blob": zlib.compress(b'{"__class__":1}'), "length": 15},
        {"name": "facts", "blob": zlib.compress(b"9" * 5000), "length": 5000},
        {"name": "facts", "blob": zlib.compress(b"\xff\xfe"), "length": 2},
    ],
    ids=lambda changes: f"{changes['name']}-{list(changes)[-1]}",
)
def test_forged_columns_are_refused_at_once(tmp_path: Path, changes: dict[str, object]) -> None:
    path = write(tmp_path / "a.gradviz", small_graph(), small_graph())
    assert len(small_graph()) == 6 and small_graph().edge_count == 7
    forge(path, 0, **changes)
    start = time.monotonic()
    with Recording.open(path) as recording:
        with pytest.raises(RecordingError, match="Pass 0"):
            recording.graph(0)
        assert time.monotonic() - start < 1
        assert len(recording.graph(1)) == 6


def test_a_bomb_is_refused_before_it_inflates() -> None:
    size = 9_999_999
    blob = zlib.compress(bytes(size))
    bomb = {name: columns.Column("|u1", size, "zlib", blob) for name in ("arity", "back", *"abcdefgh")}
    with pytest.raises(RecordingError, match="claim to inflate"):
        graphs.graph_from(bomb)


def test_unknown_passes() -> None:
    recording = Recording.of([small_graph()])
    assert recording.graph(-1) is recording.graph(0)
    with pytest.raises(NotFoundError, match="There is only pass 0"):
        recording.graph(1)
    with pytest.raises(NotFoundError, match="has no passes"):
        Recording.of([]).graph(0)
