"""Every example runs with plain Python, from anywhere, and prints what its page says."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

PRINTS = {
    "neuron": ["o = 0.7071", "∂o/∂x1 = −1.5", "∂o/∂w1 = 1", "∂o/∂x2 = 0.5", "∂o/∂w2 = 0", "∂o/∂b = 0.5"],
    "fanout": [
        "a + a: ∂b/∂a = 2",
        "a · a: ∂c/∂a = 6",
        "2a · tanh(a): 1.9901 through d + 0.0592 through e = 2.0493",
    ],
    "activations": ["tanh   0.6351   0.5966", "sigmoid   0.6792   0.2179", "gelu   0.5800   0.9992"],
    "xor": ["0 xor 0 = 0", "0 xor 1 = 1", "1 xor 0 = 1", "1 xor 1 = 0", "0 errors"],
    "moons": ["pass 10 ", "pass 50 ", "accuracy on all 100 points: 99%"],
}


def run(name, folder, *args):
    command = [sys.executable, "-W", "error", EXAMPLES / f"{name}.py", *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, encoding="utf-8")


def test_every_example_is_tried():
    assert {path.stem for path in EXAMPLES.glob("[!_]*.py")} == set(PRINTS)


@pytest.mark.parametrize("name", PRINTS)
def test_example(name, tmp_path):
    done = run(name, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    for expected in PRINTS[name]:
        assert any(expected in line for line in lines), f"{expected!r} is not in\n{done.stdout}"


def test_activations_take_an_input(tmp_path):
    assert "at x = -2" in run("activations", tmp_path, "-2").stdout


@pytest.mark.parametrize("name", PRINTS)
def test_examples_are_short_and_say_what_they_are(name):
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 50
