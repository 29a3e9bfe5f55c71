"""Boundaries of group sequential trials: published tables, R's rpact, a simulation, and what has no boundary."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from biasim.kernels.group_sequential import boundaries, exit_probabilities

FILE = Path(__file__).parent.parent / "reference" / "trials" / "boundaries.csv"
KINDS = {"OF": "obrien_fleming", "P": "pocock", "HP": "haybittle_peto", "asOF": "lan_demets"}


def fifths():
    return tuple(k / 5 for k in range(1, 6))


def test_published_tables():
    """Jennison and Turnbull 2000, tables 2.1 and 2.3: two-sided 0.05, five equal looks."""
    assert boundaries(fifths(), "obrien_fleming") == pytest.approx([4.56, 3.23, 2.63, 2.28, 2.04], abs=0.005)
    assert boundaries(fifths(), "pocock") == pytest.approx([2.413] * 5, abs=0.0005)


@pytest.mark.parametrize("row", list(csv.DictReader(FILE.open())), ids=lambda r: f"{r['kind']}-{r['alpha']}-{r['fractions']}")
def test_rpact(row):
    fractions = tuple(float(word) for word in row["fractions"].split())
    known = np.array([float(word) for word in row["critical"].split()])
    found = np.array(boundaries(fractions, KINDS[row["kind"]], float(row["alpha"])))
    inside = np.isfinite(known)  # rpact gives up on critical values beyond some 5.7
    assert np.all(found[~inside] > 5.7)
    # rpact stops within 1e-8 of a chance, which leaves a spending boundary with little to spend loosely determined
    t = np.array(fractions)
    assert exit_probabilities(t, found) == pytest.approx(exit_probabilities(t, np.where(inside, known, found)), abs=2e-8)
    if row["kind"] != "asOF":
        assert found[inside] == pytest.approx(known[inside], abs=1e-7)


def test_uncorrected_looks_by_simulation():
    """A sum of normal increments looked at k times with 1.96: 400,000 paths; 8.3, 14.2 and 19.3 % for 2, 5 and 10 looks."""
    steps = np.random.default_rng(4).standard_normal((400_000, 10)).cumsum(axis=1)
    for looks, rounded in ((2, 0.083), (5, 0.142), (10, 0.193)):
        fractions = tuple((k + 1) / looks for k in range(looks))
        level = exit_probabilities(np.array(fractions), np.array(boundaries(fractions, "uncorrected"))).sum()
        seen = (np.abs(steps[:, :looks]) / np.sqrt(np.arange(1, looks + 1)) > 1.959963984540054).any(axis=1).mean()
        assert abs(seen - level) < 4 * np.sqrt(level * (1 - level) / len(steps))
        assert level == pytest.approx(rounded, abs=0.0006)


def test_two_looks_by_quadrature():
    """The chance that either of two correlated normals is beyond the boundary, as one integral of scipy."""
    from scipy.integrate import quad

    c, half = boundaries((0.5, 1.0), "pocock", 0.01)[0], np.sqrt(0.5)

    def later(z):
        return np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (ndtr((half * z - c) / half) + ndtr((-half * z - c) / half))

    assert 2 * ndtr(-c) + quad(later, -c, c, epsabs=1e-14, epsrel=1e-13)[0] == pytest.approx(0.01, abs=1e-13)


@pytest.mark.parametrize("shape", KINDS.values())
def test_one_look_is_the_ordinary_test(shape):
    assert boundaries((1.0,), shape) == pytest.approx([1.959963984540054], abs=1e-12)


@pytest.mark.parametrize("shape", KINDS.values())
def test_the_level_is_kept(shape):
    critical = boundaries(fifths(), shape)
    assert exit_probabilities(np.array(fifths()), np.array(critical)).sum() == pytest.approx(0.05, abs=1e-12)


def test_exit_probabilities_by_simulation():
    """A million random walks; within 4 standard errors of each share."""
    t, critical = np.array([0.2, 0.7, 1.0]), np.array([2.2, 2.0, 1.7])
    steps = np.random.default_rng(1).standard_normal((1_000_000, 3)) * np.sqrt(np.diff(t, prepend=0.0))
    out = np.abs(steps.cumsum(axis=1)) >= critical * np.sqrt(t)
    first = np.where(out.any(axis=1), out.argmax(axis=1), 3)
    share = np.bincount(first, minlength=4)[:3] / len(steps)
    known = exit_probabilities(t, critical)
    assert np.all(np.abs(share - known) < 4 * np.sqrt(known / len(steps)))


def test_spending_follows_its_function():
    t = np.array([0.25, 0.6, 1.0])
    spent = exit_probabilities(t, np.array(boundaries(tuple(t.tolist()), "lan_demets", 0.02))).cumsum()
    assert spent == pytest.approx(4 * (1 - ndtr(-ndtri(0.005) / np.sqrt(t))), rel=1e-9)


@pytest.mark.parametrize("fractions", [(), (0.5,), (0.0, 1.0), (0.5, 0.5, 1.0), (0.6, 0.3, 1.0)])
def test_fractions_must_ascend_to_one(fractions):
    with pytest.raises(ValueError, match="ascending to 1"):
        boundaries(fractions)


def test_what_has_no_boundary_is_refused():
    with pytest.raises(ValueError, match="interim looks alone"):
        boundaries(tuple((k + 1) / 10 for k in range(10)), "haybittle_peto", 0.01)
    with pytest.raises(ValueError, match="'square'"):
        boundaries((1.0,), "square")
