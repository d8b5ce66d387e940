"""The page's modules as one."""

import re
import shutil
import subprocess
from graphlib import CycleError
from pathlib import Path

import pytest

from gradviz.player.bundle import bundle
from gradviz.player.files import modules, page_files

ALONE = {"loader.js", "widget.js"}  # they import nothing, and are no part of a page
MODULES = {
    "main.js": 'import { start, TWO } from "#gv/parts/a.js";\nimport { Box } from "#gv/b.js";\n'
    "console.log(start(TWO), new Box().name);\n",
    "parts/a.js": 'import { Box } from "#gv/b.js";\nexport const TWO = 2;\nconst hidden = 3;\n'
    "export function start(n) {\n  return n + hidden + new Box().size;\n}\n",
    "b.js": 'console.log("once");\nconst hidden = 0;\n'
    'export class Box {\n  size = 10;\n  name = "export this";\n}\n',
    "unused.js": "console.log('never');\n",
}


def run(module: str, folder: Path) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    (folder / "bundle.mjs").write_text(module, encoding="utf-8")
    return subprocess.run([node, "bundle.mjs"], cwd=folder, check=True, text=True, capture_output=True).stdout


def test_it_does_what_the_modules_do(tmp_path: Path) -> None:
    assert run(bundle(MODULES, "main.js"), tmp_path) == "once\n15 export this\n"


@pytest.mark.parametrize(
    "line",
    [
        'import "#gv/b.js";',
        'import * as b from "#gv/b.js";',
        "export default 1;",
        "export { x };",
        "export let x = 1;",
    ],
)
def test_a_form_it_does_not_know_is_told(line: str) -> None:
    with pytest.raises(ValueError, match=re.escape(line)):
        bundle(MODULES | {"main.js": f"const x = 1;\n{line}\n"}, "main.js")


def test_what_is_not_there_and_circles_are_told() -> None:
    with pytest.raises(KeyError, match="gone"):
        bundle({"main.js": 'import { x } from "#gv/gone.js";\n'}, "main.js")
    circle = {"a.js": 'import { b } from "#gv/b.js";\n', "b.js": 'import { a } from "#gv/a.js";\n'}
    with pytest.raises(CycleError):
        bundle(circle, "a.js")


def test_a_page_holds_no_module_twice_and_each_module_is_in_a_page() -> None:
    files = modules(page_files())
    pages = [bundle(files, entry) for entry in ("main.js", "standalone.js", "compact.js")]
    for page in pages:
        assert not re.search(r"^(import|export)\b", page, re.MULTILINE)
    for name in files.keys() - ALONE:
        times = [page.count(files[name].splitlines()[0]) for page in pages]
        assert set(times) <= {0, 1} and any(times), name
