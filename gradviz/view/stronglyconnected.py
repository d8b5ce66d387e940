"""Strongly connected components: the groups of boxes that lie on cycles together."""

from __future__ import annotations

from collections.abc import Iterable

DONE = 1 << 62  # the number of a vertex whose component is found: it lowers no other


def strongly_connected_components(edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """The components of more than one vertex, each in order, by their smallest vertex.

    Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972), without recursion.
    """
    leads_to: dict[int, list[int]] = {}
    for source, target in edges:
        leads_to.setdefault(source, []).append(target)
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    place: dict[int, int] = {}
    found: list[list[int]] = []
    for start in leads_to:
        work = [(start, iter(leads_to[start]))] if start not in number else []
        while work:
            vertex, targets = work[-1]
            if vertex not in number:
                number[vertex] = low[vertex] = len(number)
                place[vertex] = len(path)
                path.append(vertex)
            for target in targets:
                if target not in number:
                    work.append((target, iter(leads_to.get(target, ()))))
                    break
                low[vertex] = min(low[vertex], low[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[vertex])
                if low[vertex] == number[vertex]:
                    component = sorted(path[place[vertex] :])
                    del path[place[vertex] :]
                    low.update(dict.fromkeys(component, DONE))
                    if len(component) > 1:
                        found.append(component)
    return sorted(found)
