"""Open paths of the textbook diagrams, and of random ones against another criterion: separation in the moral graph."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from biasim.engine.d_separation import all_open, ancestors, cyclic, open_paths, separated

CONFOUNDER = [("C", "A"), ("C", "D")]
COLLIDER = [("A", "S"), ("D", "S")]
M_GRAPH = [("U", "A"), ("U", "L"), ("V", "L"), ("V", "D")]  # L is no common cause: adjusting for it opens a path
MEDIATOR = [("A", "M"), ("M", "D")]
IMMORTAL = [("A", "X"), ("V", "X"), ("V", "D")]  # A: meant for surgery, V: lives until then, X: exposure as recorded
STAGE_MIGRATION = [("A", "S"), ("O", "S"), ("O", "D")]  # S: in the study, O: occult metastases
LOSS = [("A", "N"), ("U", "N"), ("U", "D")]
PROXY = [("C", "A"), ("C", "D"), ("C", "P")]  # P: the confounder as recorded, with error


@pytest.mark.parametrize(
    ("arrows", "start", "given", "expected"),
    [
        (CONFOUNDER, "A", "", [("A", "C", "D")]),
        (CONFOUNDER, "A", "C", []),
        (COLLIDER, "A", "", []),
        (COLLIDER, "A", "S", [("A", "S", "D")]),
        ([*COLLIDER, ("S", "T")], "A", "T", [("A", "S", "D")]),  # what follows from a collider tells as much
        (M_GRAPH, "A", "", []),
        (M_GRAPH, "A", "L", [("A", "U", "L", "V", "D")]),
        (M_GRAPH, "A", "LV", []),
        (MEDIATOR, "A", "", [("A", "M", "D")]),
        (MEDIATOR, "A", "M", []),
        (IMMORTAL, "X", "", [("X", "V", "D")]),
        (IMMORTAL, "X", "A", [("X", "V", "D")]),
        (IMMORTAL, "X", "V", []),
        (IMMORTAL, "A", "", []),  # the arms as meant: nobody looks ahead
        (IMMORTAL, "A", "X", [("A", "X", "V", "D")]),  # restricted to the exposed, the intention looks ahead again
        (STAGE_MIGRATION, "A", "", []),
        (STAGE_MIGRATION, "A", "S", [("A", "S", "O", "D")]),
        (LOSS, "A", "N", [("A", "N", "U", "D")]),
        (LOSS, "A", "NU", []),
        (PROXY, "A", "P", [("A", "C", "D")]),
        (PROXY, "A", "PC", []),
    ],
)
def test_textbook_diagrams(arrows, start, given, expected) -> None:
    assert open_paths(arrows, start, "D", given) == expected
    assert separated(arrows, start, "D", given) is (not expected)


def test_a_path_through_all_of_a_shorter_one_is_not_told_twice() -> None:
    arrows = [*IMMORTAL, ("U", "V"), ("U", "D")]
    assert list(all_open(arrows, "X", "D", ())) == [("X", "V", "D"), ("X", "V", "U", "D")]
    assert open_paths(arrows, "X", "D", ()) == [("X", "V", "D")]


def test_a_path_opened_by_selection_is_told_beside_the_one_it_goes_round() -> None:
    arrows = [*STAGE_MIGRATION, ("O", "A")]
    assert open_paths(arrows, "A", "D", "S") == [("A", "O", "D"), ("A", "S", "O", "D")]


def test_a_path_of_another_kind_is_told_beside_the_shorter_one() -> None:
    arrows = [*IMMORTAL, ("U", "V"), ("U", "D")]
    assert open_paths(arrows, "X", "D", (), kind=len) == [("X", "V", "D"), ("X", "V", "U", "D")]


def test_paths_along_the_true_effect_are_passed_by() -> None:
    arrows = [*CONFOUNDER, ("A", "D")]
    assert open_paths(arrows, "A", "D", "") == [("A", "D")]
    assert open_paths(arrows, "A", "D", "", besides=[("A", "D")]) == [("A", "C", "D")]


def test_ancestors_and_cycles() -> None:
    assert ancestors(M_GRAPH, "L") == {"L", "U", "V"}
    assert not cyclic(M_GRAPH)
    assert cyclic([*MEDIATOR, ("D", "A")])


def moral_separated(arrows: list[tuple[str, str]], start: str, end: str, given: tuple[str, ...]) -> bool:
    """Lauritzen 1990: no way round the given nodes in the moral graph of the ancestors of all of them."""
    kept = ancestors(arrows, [start, end, *given])
    inside = [(cause, result) for cause, result in arrows if cause in kept and result in kept]
    ties = {frozenset(pair) for pair in inside}
    for node in kept:
        ties |= {frozenset(pair) for pair in combinations([cause for cause, result in inside if result == node], 2)}
    reached, todo = {start}, [start]
    while todo:
        here = todo.pop()
        for other in kept - reached - set(given):
            if frozenset((here, other)) in ties:
                reached.add(other)
                todo.append(other)
    return end not in reached


def test_random_diagrams_against_the_moral_graph() -> None:
    rng, nodes, compared = np.random.default_rng(4), "ABCDEF", 0
    for _ in range(60):
        arrows = [(a, b) for a, b in combinations(nodes, 2) if rng.random() < 0.4]
        others = "BCDE"
        for chosen in product((False, True), repeat=len(others)):
            given = tuple(node for node, taken in zip(others, chosen, strict=True) if taken)
            assert separated(arrows, "A", "F", given) == moral_separated(arrows, "A", "F", given), (arrows, given)
            compared += 1
    assert compared == 960
