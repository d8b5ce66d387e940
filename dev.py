"""Work on gradviz: `python3 dev.py WORD`, from a fresh checkout, with nothing but Python.

    demo [NAME] [OPTIONS]   run examples/NAME.py (neuron) under gradviz and open the page
    test [-- PYTEST ARGS]   ruff, mypy, pytest, node: everything that must pass
    lint | types | docs     one part of it: ruff | mypy | the examples in README.md and docs/
    bench [NAME ...]        measure all of benchmarks/rows, or NAME; takes --rounds N, --quick
    wheel                   build dist/gradviz-*.whl
    setup                   only make .venv

The first word makes .venv and installs gradviz into it, editable; later ones find it ready.
GRADVIZ_TEST_EXTRAS=torch installs that extra too. GRADVIZ_STRICT=1 turns what test skips into a failure.
"""

# Standard library and Python 3.8 syntax only: an old Python must get as far as finding a newer one.

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 14)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "gradviz-stamp.json"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
ON_ALL_CORES = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile"]


def main(argv):
    word, args = (argv[0], argv[1:]) if argv else ("", [])
    if word in ("-h", "--help", "help"):
        print(__doc__)
        return 0
    if word not in WORDS:
        complaint = f"unknown word {word!r}" if word else "say what to do"
        print(f"dev.py: {complaint}; one of: {', '.join(WORDS)}", file=sys.stderr)
        return 2
    if sys.version_info < OLDEST:
        return run(find_newer_python(), ROOT / "dev.py", *argv)
    extras = {"test", *os.environ.get("GRADVIZ_TEST_EXTRAS", "").split(",")} - {""}
    install(set() if word == "demo" else extras)
    return WORDS[word](args)


def run(*command):
    """Run a command in the checkout and return its exit status."""
    child = subprocess.Popen([str(part) for part in command], cwd=str(ROOT))
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.wait()  # it received the same Ctrl-C: let it finish its goodbye
        raise


def stop(message):
    raise SystemExit(f"dev.py: {message}")


# -- Python and its environment


def find_newer_python():
    probe = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        for folder in os.get_exec_path():
            found = shutil.which(f"python3.{minor}", path=folder)
            # pyenv puts shims on PATH that exist and fail: believe only what runs
            if found and subprocess.call([found, "-c", probe], stderr=subprocess.DEVNULL) == 0:
                return found
    here = ".".join(map(str, sys.version_info[:2]))
    stop(f"gradviz needs Python 3.{OLDEST[1]} or newer; this is {here}, and PATH has no newer one")


def install(extras):
    """Bring .venv up to date with pyproject.toml; return at once when it already is."""
    home = [str(ROOT), sys.version_info[0], sys.version_info[1]]
    recipe = (ROOT / "pyproject.toml").read_bytes() + (ROOT / "dev.py").read_bytes()
    project = hashlib.sha256(recipe).hexdigest()
    last = json.loads(STAMP.read_text()) if STAMP.exists() else {"home": home, "project": "", "extras": []}
    usable = PYTHON.exists() and last["home"] == home
    if usable and last["project"] == project and extras <= set(last["extras"]):
        return
    if usable:
        extras = extras | set(last["extras"])  # never take away what an earlier word installed
    else:
        create_venv()
    suffix = "[{}]".format(",".join(sorted(extras))) if extras else ""
    quietly(f"installing gradviz{suffix}", *pip(), "install", "--editable", f".{suffix}")
    STAMP.write_text(json.dumps({"home": home, "project": project, "extras": sorted(extras)}))


def create_venv():
    options = ["--clear"]
    has = {name: importlib.util.find_spec(name) for name in ("venv", "ensurepip", "pip")}
    if not has["ensurepip"]:  # Debian packages it apart; the system's pip can fill a venv from outside
        options.append("--without-pip")
    if not has["venv"] or not (has["ensurepip"] or has["pip"]):
        stop(f"this Python cannot make a venv; run: apt install python3.{sys.version_info[1]}-venv")
    quietly("making .venv", sys.executable, "-m", "venv", *options, VENV)


def pip():
    inside = subprocess.call([str(PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL) == 0
    return [PYTHON, "-m", "pip"] if inside else [sys.executable, "-m", "pip", "--python", PYTHON]


def quietly(what, *command):
    """Run a command whose output matters only if it fails."""
    print(f"{what} ...", end=" ", file=sys.stderr, flush=True)
    start = time.monotonic()
    env = dict(os.environ, PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1")  # a venv refuses --user
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run([str(part) for part in command], cwd=str(ROOT), env=env, **pipes)
    if done.returncode:
        print("failed", file=sys.stderr)
        raise SystemExit(done.stdout.decode(errors="replace"))
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)


# -- the words


def demo(args):
    name = args.pop(0) if args and not args[0].startswith("-") else "neuron"
    # options of `gradviz run` end at the script, so they go before it
    return run(PYTHON, "-m", "gradviz", "run", *args, find_script("examples", name))


def bench(args):
    return run(PYTHON, "-m", "benchmarks.run", *args)


def find_script(folder, name):
    if name not in script_names(folder):
        stop(f"no {folder}/{name}.py; one of: {', '.join(script_names(folder))}")
    return f"{folder}/{name}.py"


def script_names(folder):
    return sorted(path.stem for path in (ROOT / folder).glob("[!_]*.py"))


def lint(args):
    return run(PYTHON, "-m", "ruff", "check", *args) or run(PYTHON, "-m", "ruff", "format", "--check")


def types(args):
    return run(PYTHON, "-m", "mypy", *args)


def docs(args):
    return run(PYTHON, "-m", "pytest", "README.md", "docs", *args)


def wheel(args):
    return run(PYTHON, "-m", "build", "--no-isolation", "--outdir", "dist", *args)


def setup(args):
    print(f"ready: {PYTHON}")
    return 0


def test(args):
    missing = missing_tools()
    marks = ["-m", " and ".join(f"not {mark}" for mark in sorted(missing))] if missing else []
    pytest_args = ON_ALL_CORES + marks + (args[1:] if args[:1] == ["--"] else args)
    parts = {
        "ruff": lambda: lint([]),
        "mypy": lambda: types([]),
        "pytest": lambda: run(PYTHON, "-m", "pytest", *pytest_args),
        "node": lambda: run("node", "--test", *sorted((ROOT / "tests/js").rglob("*test*.*js"))),
    }
    summary = []
    for name in [name for name in parts if name not in missing]:
        print(f"\n-- {name}", flush=True)
        start = time.monotonic()
        verdict = "FAILED" if parts[name]() else "ok"
        summary.append((name, verdict, f"{time.monotonic() - start:.1f} s"))
    strict = os.environ.get("GRADVIZ_STRICT", "0") not in ("", "0")
    summary += [(name, "FAILED" if strict else "skipped", why) for name, why in missing.items()]
    print()
    for row in summary:
        print("{:<8} {:<8} {}".format(*row))
    return int(any(verdict == "FAILED" for _, verdict, _ in summary))


def missing_tools():
    """Return the parts, by their pytest marks, that cannot run here, each with the reason."""
    missing = {}
    find_torch = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    if subprocess.call([str(PYTHON), "-c", find_torch]):
        missing["torch"] = "no PyTorch in .venv: gradients were not compared with it"
    if not any(map(shutil.which, CHROMIUM)):
        missing["browser"] = "no chromium on PATH: the page was not tried in a browser"
    if not shutil.which("node"):
        missing["node"] = "no node on PATH: the page's modules were not tested"
    return missing


WORDS = {word.__name__: word for word in (demo, test, lint, types, docs, bench, wheel, setup)}

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
