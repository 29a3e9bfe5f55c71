"""Which paths of a causal diagram are open: d-separation by following every path as far as it is open.

Source: J. Pearl, d-separation without tears, http://bayes.cs.ucla.edu/BOOK-2K/d-sep.html.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator

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


def all_open(
    arrows: Iterable[Arrow], start: str, end: str, given: Iterable[str], besides: Iterable[Arrow] = ()
) -> Iterator[Path]:
    """Every open path between two nodes given others, the short ones first, but for those along an arrow in `besides`.

    A path is open while no node where arrows pass through or part is given, and every node where two arrows meet is
    given, or leads to one that is.
    """
    known, given, passed_by = frozenset(arrows), frozenset(given), frozenset(besides)
    unlocked = ancestors(known, given)
    neighbours: dict[str, list[str]] = {}
    for cause, result in sorted(known - passed_by):
        neighbours.setdefault(cause, []).append(result)
        neighbours.setdefault(result, []).append(cause)

    def lets_through(before: str, node: str, after: str) -> bool:
        meet = (before, node) in known and (after, node) in known
        return node in unlocked if meet else node not in given

    begun: list[Path] = [(start,)]
    while begun:
        further: list[Path] = []
        for path in begun:
            for node in neighbours.get(path[-1], ()):
                if node in path or (len(path) > 1 and not lets_through(path[-2], path[-1], node)):
                    continue
                if node == end:
                    yield (*path, end)
                else:
                    further.append((*path, node))
        begun = further


def colliders(arrows: Iterable[Arrow], path: Path) -> frozenset[str]:
    """The nodes of a path where two of its arrows meet."""
    known = frozenset(arrows)
    triples = zip(path, path[1:], path[2:], strict=False)
    return frozenset(node for before, node, after in triples if {(before, node), (after, node)} <= known)


def open_paths(
    arrows: Iterable[Arrow], start: str, end: str, given: Iterable[str], *,
    besides: Iterable[Arrow] = (), kind: Callable[[Path], Hashable] = lambda path: None,
) -> list[Path]:  # fmt: skip
    """The open paths that say something of their own.

    A path through all the nodes of another says nothing new, unless it owes its being open to given colliders (a
    selection, say) and the other does not, or is of another `kind`.
    """
    known, given = frozenset(arrows), frozenset(given)
    found: dict[Path, frozenset[str]] = {}
    for path in all_open(known, start, end, given, besides):
        opened, nodes = colliders(known, path) & given, frozenset(path)
        longer = [other for other, owed in found.items() if nodes.issuperset(other) and (owed <= opened if owed else not opened)]
        if not any(kind(other) == kind(path) for other in longer):
            found[path] = opened
    return list(found)


def separated(arrows: Iterable[Arrow], start: str, end: str, given: Iterable[str]) -> bool:
    """Whether two nodes are d-separated: independent given others in every distribution that has this diagram."""
    return next(all_open(arrows, start, end, given), None) is None
