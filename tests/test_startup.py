"""What a command brings along before it does its work: only what the work needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradviz.recorders.classless import is_classless
from tests.watching import CLOSURES, passes, write

SCRIPT = """
import json, random, sys
from micrograd.engine import Value

w, x = Value(random.uniform(-1, 1)), Value(2.0)
(w * x).tanh().backward()
with open("script.json", "w") as file:
    json.dump(sorted(sys.modules), file)
"""

# Runs the command in this process. Its end and its forks are those of the command line, so the parent tells
# what it has imported, and which of its classes had to be compiled.
PARENT = """
import atexit, json, os, sys
from gradviz.cli import main
parent = os.getpid()

def tell():
    held = [vars(module).values() for name, module in sys.modules.items() if name.startswith("gradviz")]
    compiled = {str(c) for each in held for c in each if "__dataclass_params__" in getattr(c, "__dict__", ())}
    from gradviz.renderers.escape import _unseen
    with open("parent.json", "w") as file:
        json.dump([sorted(sys.modules), sorted(compiled), _unseen.cache_info().currsize], file)

atexit.register(lambda: os.getpid() == parent and tell())
sys.argv[1:] = ["export", "neuron.py", "-o", "neuron.svg"]
main()
"""
WATCHING = {"gradviz.recorders.watch", "gradviz.recorders.duck"}
UNUSED = WATCHING | {
    "gradviz.compiled", "gradviz.diagnostics", "gradviz.document", "gradviz.explain", "gradviz.magics",
    "gradviz.layout.graphviz", "gradviz.notebook", "gradviz.notes", "gradviz.player", "gradviz.program",
    "gradviz.recorders.cells", "gradviz.recording.reader", "gradviz.renderers.animated", "gradviz.server",
}  # fmt: skip


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder where a script without classes was drawn."""
    folder = tmp_path_factory.mktemp("exported")
    write(folder, SCRIPT, "neuron.py")
    subprocess.run([sys.executable, "-c", PARENT], cwd=folder, check=True, capture_output=True)
    assert (folder / "neuron.svg").exists()
    return folder


@pytest.mark.parametrize("process", ["script", "parent"])
def test_a_picture_of_a_script_without_classes_brings_nothing_that_watches_them(
    exported: Path, process: str
) -> None:
    told = json.loads((exported / f"{process}.json").read_text())
    modules = set(told if process == "script" else told[0])
    assert "gradviz.engine.value" in modules and not UNUSED & modules


def test_a_picture_compiles_no_dataclass_and_no_rare_pattern(exported: Path) -> None:
    modules, compiled, patterns = json.loads((exported / "parent.json").read_text())
    assert "gradviz.renderers.svg" in modules
    assert compiled == [], "each costs 1 ms at every start: see gradviz.frozen"
    assert patterns == 0


CLASSLESS = {
    "nothing": "print(1)\n",
    "the command's own": SCRIPT,
    "a list": "import math, os.path as p, random\n",
    "in a function": "def f():\n    import json\n    return json\n",
    "other letters": "# -*- coding: UTF-8 -*-\n# Größe, 大小\nimport math\n",
    "names from": "from micrograd.nn import (MLP,\n    Layer)\nfrom math import *\n",
}
UNCLEAR = {
    "a class": "class Value: pass\n",
    "a class in a line": "import math; class V: pass\n",
    "made of text": "import math\nexec(open('engine.txt').read())\n",
    "evaluated": "eval(compile('1', '', 'eval'))\n",
    "by its builtins": "getattr(__builtins__, 'e' + 'xec')('')\n",
    "a module": "import engine\n",
    "a module in a list": "import math, engine\n",
    "a module behind": "import math; import engine\n",
    "a relative one": "from . import engine\n",
    "in the package": "import micrograd.more\n",
    "from the package": "from micrograd import more\n",
    "continued": "from engine \\\nimport math\n",
    "on a new page": "from engine\fimport math\n",
    "continued at the end": "import \\\n    engine\n",
    "by a call": "__import__('engine')\n",
    "by the library": "import importlib\n",
    "gradviz itself": "import gradviz\n",
    "another": "import sklearn\n",
    "in brackets": "import(engine)\n",
    "no text": "import engine\0",
    "in wide letters": "\uff45\uff58\uff45\uff43('')\n",
    "in another code": "# coding: utf-7\n+AGM-lass Value: pass\n",
    "a word in other letters": "ımport engine\nimport\u00a0engine\n",
}


@pytest.mark.parametrize("text", CLASSLESS.values(), ids=CLASSLESS)
def test_a_script_that_can_define_no_class_is_told(tmp_path: Path, text: str) -> None:
    assert is_classless(str(write(tmp_path, text)))
    assert is_classless(str(write(tmp_path, text.replace("\n", "\r\n"))))


@pytest.mark.parametrize("text", UNCLEAR.values(), ids=UNCLEAR)
def test_in_doubt_a_script_is_watched(tmp_path: Path, text: str) -> None:
    assert not is_classless(str(write(tmp_path, text)))
    assert not is_classless(str(write(tmp_path, text.replace("\n", "\r"))))


@pytest.mark.parametrize("beside", ["random.py", "random/engine.py", "json.py"])
def test_a_module_beside_the_script_may_define_classes(tmp_path: Path, beside: str) -> None:
    (tmp_path / beside).parent.mkdir(exist_ok=True)
    (tmp_path / beside).write_text(CLOSURES)
    assert not is_classless(str(write(tmp_path, "import json, random\n")))


@pytest.mark.parametrize("name", ["user.ipynb", "user", "missing.py", "user.pyz", "-"])
def test_what_is_no_script_is_watched(tmp_path: Path, name: str) -> None:
    (tmp_path / "user.ipynb").write_text("{}")
    (tmp_path / "user").mkdir()
    assert not is_classless(name if name == "-" else str(tmp_path / name))


FORMULA = "a, b = Value(2.0), Value(-3.0)\n(a * b).backward()\n"
WAYS = {
    "in it": CLOSURES + FORMULA,
    "beside it": f"from beside_it import *\n{FORMULA}",
    "in a text": f"exec({CLOSURES!r})\n{FORMULA}",
}


@pytest.mark.parametrize("way", WAYS)
def test_an_engine_is_recorded_wherever_it_is_defined(tmp_path: Path, way: str) -> None:
    write(tmp_path, CLOSURES, "beside_it.py")
    (graph,) = passes(tmp_path, WAYS[way])
    assert len(graph) == 3 and graph.meta["backward"]
    sys.modules.pop("beside_it", None)
