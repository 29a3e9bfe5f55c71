"""Which paths of a causal diagram are open: d-separation by listing every path, for diagrams of a dozen nodes.

Source: J. Pearl, d-separation without tears, http://bayes.cs.ucla.edu/BOOK-2K/d-sep.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Arrow = tuple[str, str]  # from, to
Path = tuple[str, ...]  # nodes, in order, each once


def ancestors(arrows: Iterable[Arrow], nodes: Iterable[str]) -> frozenset[str]:
    """The nodes and all from which an arrow after another leads to one of them."""
    arrows, found = tuple(arrows), set(nodes)
    size = 0
    while len(found) > size:
        size = len(found)
        found |= {cause for cause, result in arrows if result in found}
    return frozenset(found)


def cyclic(arrows: Iterable[Arrow]) -> bool:
    """Whether some node is a cause of itself: then there is no diagram."""
    arrows = tuple(arrows)
    causes = {cause for cause, _ in arrows}
    return any(cause in ancestors(arrows, [before for before, result in arrows if result == cause]) for cause in causes)


def paths(arrows: Iterable[Arrow], start: str, end: str) -> Iterator[Path]:
    """Every path between two nodes, whatever the direction of its arrows, the short ones first."""
    neighbours: dict[str, list[str]] = {}
    for cause, result in dict.fromkeys(arrows):
        neighbours.setdefault(cause, []).append(result)
        neighbours.setdefault(result, []).append(cause)
    begun: list[Path] = [(start,)]
    while begun:
        further: list[Path] = []
        for path in begun:
            for node in neighbours.get(path[-1], ()):
                if node == end:
                    yield (*path, end)
                elif node not in path:
                    further.append((*path, node))
        begun = further


def is_open(arrows: Iterable[Arrow], path: Path, given: Iterable[str]) -> bool:
    """Whether a path carries an association given some nodes.

    It does while no node where arrows pass through or part is given, and every node where two arrows meet is given, or
    leads to one that is.
    """
    arrows, given = frozenset(arrows), frozenset(given)
    unlocked = ancestors(arrows, given)
    for before, node, after in zip(path, path[1:], path[2:], strict=False):
        meet = (before, node) in arrows and (after, node) in arrows
        if node not in unlocked if meet else node in given:
            return False
    return True


def open_paths(arrows: Iterable[Arrow], start: str, end: str, given: Iterable[str]) -> list[Path]:
    """The open paths between two nodes given others; of those that go through all the nodes of another, the shorter alone."""
    arrows, given = tuple(arrows), tuple(given)
    found: list[Path] = []
    for path in paths(arrows, start, end):
        if is_open(arrows, path, given) and not any(set(shorter) <= set(path) for shorter in found):
            found.append(path)
    return found


def separated(arrows: Iterable[Arrow], start: str, end: str, given: Iterable[str]) -> bool:
    """Whether two nodes are d-separated: independent given others in every distribution that has this diagram."""
    return not open_paths(arrows, start, end, given)
