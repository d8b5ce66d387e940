"""Many moments drawn one after the other are the moments drawn one by one."""

from __future__ import annotations

import pytest
from test_renderers import GRAPHS, view_of

from gradviz import Value, nn, record
from gradviz.graph import Update
from gradviz.renderers import RENDERERS, change, svg
from gradviz.renderers.facts import Facts
from gradviz.timeline import Timeline
from gradviz.view import View


def trained() -> View:
    """A small network after an update, one box per value, with more edges than show their numbers."""
    model = nn.MLP(2, [3, 1])
    loss = (model([Value(0.3), Value(-0.7)]) - 1.0) ** 2
    loss.backward()
    graph = record(loss)
    params = [node for node in range(len(graph)) if graph.node(node).kind == "param"][:4]
    updates = [Update(node, graph.data_of(node), 0.125, "by hand", None) for node in params]
    return View(graph.replace(updates=tuple(updates)), depth=9)


def views() -> dict[str, View]:
    return {**{name: view_of(name) for name in GRAPHS}, "trained": trained()}


@pytest.mark.parametrize("name", [*GRAPHS, "trained"])
@pytest.mark.parametrize("order", ["forwards", "backwards", "in leaps"])
def test_frames_are_single_pictures(name: str, order: str) -> None:
    view = views()[name]
    timeline = Timeline(view.graph)
    every = list(range(len(timeline) + 1))
    chosen = {"forwards": every, "backwards": every[::-1], "in leaps": every[::7] + every[::-40]}[order]
    drawn = list(svg.frames(view, map(timeline.frame, chosen)))
    assert len(drawn) == len(chosen)
    for k, picture in zip(chosen, drawn, strict=True):
        assert picture.decode() == svg.render(view, timeline.frame(k)), f"step {k}"


def test_frames_take_the_options_of_a_single_picture() -> None:
    view = view_of("neuron")
    timeline = Timeline(view.graph)
    options = {"theme": "dark", "legend": False, "embed_css": False, "title": "<T>"}
    for k, picture in enumerate(svg.frames(view, map(timeline.frame, range(9)), **options)):  # type: ignore[arg-type]
        assert picture.decode() == svg.render(view, timeline.frame(k), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("renderer", ["svg", "text", "dot", "json"])
def test_every_renderer_writes_many_moments(renderer: str) -> None:
    view, row = view_of("neuron"), RENDERERS[renderer]
    timeline = Timeline(view.graph)
    frames = [None, *map(timeline.frame, (3, 4, 20))]
    for frame, written in zip(frames, row.render_all(view, frames), strict=True):
        single = row.render(view, frame)
        assert written == (single if isinstance(single, bytes) else single.encode())


def test_only_what_a_step_changes_is_told_anew() -> None:
    view = trained()
    timeline = Timeline(view.graph)
    k = timeline.phase_range("backward").start + 20
    before = Facts(view, timeline.frame(k))
    after = before.at(timeline.frame(k + 1))
    found = change.between(view, before.frame, after.frame)
    assert found is not None and 0 < len(found.boxes) <= 2 and 0 < len(found.edges) <= 2
    same = [i for i, (a, b) in enumerate(zip(before.boxes, after.boxes, strict=True)) if a is b]
    assert set(same) == set(range(len(view.boxes))) - set(found.boxes)
