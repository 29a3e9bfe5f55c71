"""Matching over time, against a search through everybody at every moment."""

import numpy as np
import pytest

from biasim.kernels.risk_set_matching import nearest_at_risk


def searched(score, entry, stop, takers, moments, ratio, width):
    """The same, by looking at all."""
    free, links = np.ones(len(score), dtype=bool), []
    for taker, moment in zip(takers, moments, strict=True):
        far = np.abs(score - score[taker])
        may = free & (entry < moment) & (stop > moment) & (far <= width)
        may[taker] = False
        for row in sorted(np.flatnonzero(may), key=lambda row: (far[row], row > taker, abs(row - taker)))[:ratio]:
            free[row] = False
            links.append((int(taker), int(row)))
    return links


def test_by_hand():
    # at 1, row 1 takes the nearer of 0 and 2, which is 2; at 2, row 3 finds 2 used and 4 gone: 0 is left, if near enough
    score, entry = np.array([0.0, 1.0, 1.5, 2.0, 2.1]), np.zeros(5)
    stop, takers, moments = np.array([9.0, 1.0, 5.0, 2.0, 2.0]), np.array([1, 3]), np.array([1.0, 2.0])
    assert nearest_at_risk(score, entry, stop, takers, moments, width=1.0) == [(1, 2)]
    assert nearest_at_risk(score, entry, stop, takers, moments, width=2.0) == [(1, 2), (3, 0)]
    late = np.array([0.0, 0.0, 1.0, 0.0, 0.0])  # who enters at that moment is not yet at risk in it
    assert nearest_at_risk(score, late, stop, takers, moments, width=1.0) == [(1, 0), (3, 2)]


@pytest.mark.parametrize("ratio", [1, 3])
@pytest.mark.parametrize("seed", range(60))
def test_against_a_search_through_all(seed, ratio):
    rng = np.random.default_rng(seed)
    size = rng.integers(2, 60)
    score = np.sort(rng.standard_normal(size) if seed % 2 else rng.integers(0, 9, size).astype(float))
    entry = rng.uniform(0, 4, size) * (seed % 3 == 0)
    stop = entry + rng.exponential(8, size) + 0.1
    takers = np.flatnonzero(rng.random(size) < 0.4)
    takers = takers[np.argsort(stop[takers], kind="stable")]
    arguments = score, entry, stop, takers, stop[takers]
    for width in (0.3, 2.0, 1e300):
        assert nearest_at_risk(*arguments, ratio=ratio, width=width) == searched(*arguments, ratio, width)
