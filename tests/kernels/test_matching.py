"""Matching: by hand, a matcher that tries every pair, both paths, R's pairs."""

import csv

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference_values import FOLDER, LALONDE, lalonde

from biasim.kernels import _matching_greedy, backend, matching

BUILT = [_matching_greedy.EXTENSION] if _matching_greedy.EXTENSION and backend.COX else []
PATHS = ("numpy", "compiled") if BUILT else ("numpy",)
ORDERS = ("largest", "smallest", "data")


@pytest.fixture(params=PATHS)
def path(request):
    with backend.using(request.param):
        yield request.param


def every_pair(score, exposed, *, ratio=1, caliper=None, replace=False, order="largest"):
    """Try every control for every exposed row, in turn: n^2, and nothing to go wrong."""
    takers, free = np.flatnonzero(exposed), ~exposed.copy()
    if order == "largest":
        takers = takers[np.argsort(-score[takers], kind="stable")]
    if order == "smallest":
        takers = takers[np.argsort(score[takers], kind="stable")]
    links, own = [], {taker: set() for taker in takers}
    for slot in range(1, ratio + 1):
        for taker in takers:
            distance = np.where(free, np.abs(score - score[taker]), np.inf)
            if replace:
                distance[list(own[taker])] = np.inf
            nearest = int(np.argmin(distance))
            if distance[nearest] <= (1e300 if caliper is None else caliper):
                links.append((taker, nearest, slot))
                own[taker].add(nearest)
                free[nearest] &= replace
    return sorted(links, key=lambda link: (link[0], link[2]))


def listed(matches):
    return list(zip(matches.exposed_row.tolist(), matches.control_row.tolist(), matches.slot.tolist(), strict=True))


def problem(seed):
    """Scores continuous, rounded (ties), of few values, or of tiny and large size together (distances tie by rounding)."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 90))
    score = rng.normal(size=size)
    if seed % 4 == 1:
        score = np.round(score, 1)
    elif seed % 4 == 2:
        score = rng.integers(0, 5, size) / 2
    elif seed % 4 == 3:
        score = np.where(rng.random(size) < 0.5, score * 1e-17, np.round(score))
    options = {
        "ratio": int(rng.integers(1, 4)),
        "caliper": None if rng.random() < 0.3 else float(rng.choice([0.0, 0.1, 0.5, 2.0])),
        "replace": bool(rng.random() < 0.4),
        "order": ORDERS[int(rng.integers(3))],
    }
    return score, rng.random(size) < rng.choice([0.2, 0.5, 0.8]), options


# ---------------------------------------------------------------- by hand


def test_four_patients_by_hand(path):
    score, exposed = np.array([0.0, 1.0, 0.9, 5.0]), np.array([True, True, False, False])
    assert listed(matching.nearest(score, exposed, caliper=1.0)) == [(1, 2, 1)]  # the larger score takes the only one near
    assert listed(matching.nearest(score, exposed, caliper=1.0, order="smallest")) == [(0, 2, 1)]
    assert listed(matching.nearest(score, exposed, caliper=1.0, replace=True)) == [(0, 2, 1), (1, 2, 1)]
    assert listed(matching.nearest(score, exposed)) == [(0, 3, 1), (1, 2, 1)]


def test_equal_distances_go_to_the_first_row(path):
    score = np.array([2.0, 1.0, 3.0, 1.0, 3.0])
    exposed = np.array([True, False, False, False, False])
    assert listed(matching.nearest(score, exposed, ratio=4)) == [(0, 1, 1), (0, 2, 2), (0, 3, 3), (0, 4, 4)]
    assert listed(matching.nearest(score, exposed, ratio=9, replace=True)) == [(0, 1, 1), (0, 2, 2), (0, 3, 3), (0, 4, 4)]


def test_second_controls_only_after_everybody_has_had_a_turn(path):
    score, exposed = np.array([1.0, 0.9, 1.1, 0.8, 0.0]), np.array([True, True, False, False, False])
    assert listed(matching.nearest(score, exposed, ratio=2)) == [(0, 2, 1), (0, 4, 2), (1, 3, 1)]


def test_the_caliper_itself_is_near_enough(path):
    score, exposed = np.array([1.0, 0.5]), np.array([True, False])
    assert len(matching.nearest(score, exposed, caliper=0.5).slot) == 1
    assert len(matching.nearest(score, exposed, caliper=np.nextafter(0.5, 0)).slot) == 0


def test_scores_that_are_not_finite_are_never_matched(path):
    score, exposed = np.array([np.nan, 1.0, np.inf, 1.0, -np.inf]), np.array([True, True, False, False, True])
    assert listed(matching.nearest(score, exposed)) == [(1, 3, 1)]


@pytest.mark.parametrize("exposed", [[], [True, True], [False, False]])
@pytest.mark.parametrize("replace", [True, False])
def test_nobody_to_match(path, exposed, replace):
    found = matching.nearest(np.zeros(len(exposed)), np.array(exposed, dtype=bool), replace=replace, ratio=2)
    assert len(found.exposed_row) == len(found.control_row) == len(found.slot) == 0


def test_caliper_width_by_hand():
    score, exposed = np.array([1.0, 3.0, 0.0, 4.0]), np.array([True, True, False, False])
    assert matching.caliper_width(score, exposed, sd=0.2) == pytest.approx(0.2 * np.sqrt(10 / 3), rel=1e-12)
    assert matching.caliper_width(score, exposed, sd=0.2, scale="pooled") == pytest.approx(0.2 * np.sqrt(5), rel=1e-12)


def test_match_weights_by_hand():
    rows = [np.array(column) for column in ([0, 0, 1], [2, 3, 3], [1, 2, 1])]
    matches = matching.Matches(exposed_row=rows[0], control_row=rows[1], slot=rows[2])
    assert_array_equal(matching.match_weights(matches, 5), [1, 1, 0.5, 1.5, 0])


def test_impossible_options_are_refused():
    for options in ({"order": "random"}, {"ratio": 0}):
        with pytest.raises(ValueError, match=next(iter(options))):
            matching.nearest(np.zeros(2), np.array([True, False]), **options)
    with pytest.raises(ValueError, match="scale"):
        matching.caliper_width(np.zeros(2), np.array([True, False]), sd=0.2, scale="own")


# ---------------------------------------------------------------- properties


@pytest.mark.parametrize("block", range(4))
def test_equals_the_matcher_that_tries_every_pair(path, block):
    for seed in range(block * 250, block * 250 + 250):
        score, exposed, options = problem(seed)
        assert listed(matching.nearest(score, exposed, **options)) == every_pair(score, exposed, **options), (seed, options)


def test_both_paths_make_the_same_links_on_many_patients():
    rng = np.random.default_rng(8)
    score, exposed = np.round(rng.normal(size=20_000), 3), rng.random(20_000) < 0.4
    for options in ({}, {"ratio": 3, "caliper": 0.01}, {"replace": True, "ratio": 2}):
        found = []
        for name in PATHS:
            with backend.using(name):
                found.append(listed(matching.nearest(score, exposed, **options)))
        assert found[0] == found[-1]


@pytest.mark.parametrize("seed", range(20))
def test_shifting_and_mirroring_the_score(path, seed):
    score, exposed, options = problem(4 * seed + 2)  # multiples of 1/2: exact
    a = listed(matching.nearest(score, exposed, **options))
    assert listed(matching.nearest(score + 64, exposed, **options)) == a
    turned = {"largest": "smallest", "smallest": "largest", "data": "data"}[options["order"]]
    assert listed(matching.nearest(-score, exposed, **(options | {"order": turned}))) == a


@pytest.mark.parametrize("seed", range(20))
def test_without_replacement_every_control_serves_once(path, seed):
    score, exposed, options = problem(seed)
    found = matching.nearest(score, exposed, **(options | {"replace": False}))
    assert len(set(found.control_row.tolist())) == len(found.control_row)
    assert exposed[found.exposed_row].all()
    assert not exposed[found.control_row].any()
    if options["caliper"] is not None:
        assert (np.abs(score[found.exposed_row] - score[found.control_row]) <= options["caliper"]).all()


@pytest.mark.parametrize("extension", BUILT)
def test_the_extension_refuses_arrays_that_would_corrupt_memory(extension):
    call = extension.nearest
    wanted, offered, rows = np.zeros(2), np.array([0.0, 1.0]), np.arange(2)
    out = [np.zeros(2, dtype=np.int64) for _ in range(3)]
    assert call(wanted, offered, rows, 1, 1.0, False, *out) == 2
    for bad in (
        (wanted.astype(np.float32), offered, rows, 1, 1.0, False, *out),
        (wanted, offered[::-1].copy(), rows, 1, 1.0, False, *out),
        (wanted, offered, rows[:1], 1, 1.0, False, *out),
        (wanted, offered, rows, 3, 1.0, False, *out),
        (wanted, offered, rows, 0, 1.0, False, *out),
        (wanted, offered, rows, 2, 1.0, True, *out),
        (wanted, offered, rows, 1, np.inf, False, *out),
        (np.array([np.nan, 0.0]), offered, rows, 1, 1.0, False, *out),
        (wanted, offered, rows, 1, 1.0, False, out[0], out[1][:1], out[2]),
    ):
        with pytest.raises(ValueError, match=r"expected|short|wrong"):
            call(*bad)


# ---------------------------------------------------------------- R


def pairs_of(name):
    with (FOLDER / "match_pairs_lalonde.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["match"] == name]
    return [(int(row["treated_row"]) - 1, int(row["control_row"]) - 1, int(row["slot"])) for row in rows]


@pytest.mark.parametrize("case", LALONDE["matching"], ids=[case["id"] for case in LALONDE["matching"]])
def test_lalonde_pairs_equal_r(path, case):
    _, exposed, _, logit = lalonde()
    scale = case["caliper_sd"]
    width = None if scale == "none" else matching.caliper_width(logit, exposed, sd=0.2, scale=scale)
    order = case["order"] or "largest"
    found = matching.nearest(
        logit, exposed, ratio=case["ratio"], caliper=width, replace=case["replace"], order=order
    )
    expected = pairs_of(case["id"])
    assert {link[:2] for link in listed(found)} == {link[:2] for link in expected}
    if not case["replace"] or case["ratio"] == 1:  # with replacement R numbers controls at equal distance from the last
        assert sorted(listed(found)) == sorted(expected)
    distance = np.abs(logit[found.exposed_row] - logit[found.control_row])
    assert_allclose(distance.sum(), case["sum_abs_logit_distance"], rtol=1e-10)
    assert len(np.unique(found.exposed_row)) == case["n_treated_matched"]
    assert len(np.unique(found.control_row)) == case["n_control_matched"]


def test_lalonde_deviations_of_the_logit_equal_r():
    _, exposed, _, logit = lalonde()
    for scale in ("overall", "pooled"):
        width = matching.caliper_width(logit, exposed, sd=1.0, scale=scale)
        assert width == pytest.approx(LALONDE[f"sd_logit_{scale}"], rel=1e-10)
