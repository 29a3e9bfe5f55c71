"""Shipped studies whose bias is an integral: the stored means, within 3 Monte Carlo standard errors of it.

What Cox regression tends to is `cox_limit`, once the arms are known as mixtures of constant hazards: the weight of each group of
women in each arm, and its hazard. Waits of a hundredth of a month are counted as none.
"""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from biasim.store.tables import read_table

from .test_closed_forms import RATE, cox_limit

RESULTS = Path(__file__).parents[2] / "results"
SCORE = 0.5  # log hazard ratio per standard deviation of either score
MONTHS = 60.0


def stored(study: str, design: str, method: str) -> dict[float, tuple[float, float]]:
    """Varied value -> mean log hazard ratio over the replicates, and its Monte Carlo standard error."""
    tables = RESULTS / study / "tables"
    varied = {row["scenario"]: float(list(row.values())[2]) for row in read_table(tables / "scenarios.csv")}
    rows = read_table(tables / "performance.csv")
    return {
        varied[row["scenario"]]: (float(row["value"]), float(row["mcse"]))
        for row in rows
        if (row["design"], row["method"], row["measure"]) == (design, method, "mean")
    }


def normal_nodes(count: int = 40):
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()


def with_share(share: float, weights, log_odds):
    """The chances of surgery with these log odds, the intercept such that the mean chance is `share`."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        chances = 1.0 / (1.0 + np.exp(-middle - log_odds))
        low, high = (middle, high) if (weights * chances).sum() < share else (low, middle)
    return chances


def limit(arms, hazard) -> float:
    """Weights (2, groups) of unexposed and exposed at time zero and hazards (groups,) -> the limit over 60 months."""
    time = np.concatenate([[0.0], np.geomspace(1e-3, MONTHS, 4_000)])
    alive = np.exp(-np.outer(hazard, time))
    return cox_limit(time, arms @ alive, (arms * hazard) @ alive)


def agrees(found: tuple[float, float], wanted: float) -> None:
    value, mcse = found
    assert abs(value - wanted) < 3.0 * mcse, f"{value:+.4f} ({mcse:.4f}) beside {wanted:+.4f}"


def confounded(hidden_odds_ratio: float) -> float:
    """Crude Cox where two scores drive hazard and choice: a grid of pairs of scores, the operated from diagnosis on."""
    nodes, weights = normal_nodes()
    recorded, hidden = (axis.ravel() for axis in np.meshgrid(nodes, nodes))
    share = np.outer(weights, weights).ravel()
    chances = with_share(0.4, share, np.log(0.6) * recorded + np.log(hidden_odds_ratio) * hidden)
    return limit(np.array([share * (1.0 - chances), share * chances]), RATE * np.exp(SCORE * (recorded + hidden)))


@pytest.mark.parametrize("hidden_odds_ratio", [0.6, 0.8, 1.0])
def test_confounding_by_indication_without_adjustment(hidden_odds_ratio: float) -> None:
    agrees(stored("confounding_by_indication", "registry", "cox")[hidden_odds_ratio], confounded(hidden_odds_ratio))


def test_confounding_by_indication_as_the_lesson_states_it() -> None:
    assert confounded(0.6) == pytest.approx(-0.3745, abs=5e-5)


def by_response(odds_ratio: float) -> float:
    """Cox from the landmark on: women by prognosis and response, alive at month 8, operated by then or not.

    The hazard changes in month 3 by the response; the wait is lognormal, median 5.5 and spread 0.2, and the choice heeds the
    response where the planned date lies after month 3.
    """
    nodes, weights = normal_nodes()
    response, share, ratio = np.array([1.0, 0.0, -1.0]), np.array([0.3, 0.45, 0.25]), np.array([0.55, 1.0, 2.1])
    early, by_landmark = (NormalDist().cdf(np.log(month / 5.5) / 0.2) for month in (3.0, 8.0))
    planned = np.array([early, by_landmark - early])[:, None]  # before the evaluation, from it to the landmark
    dates = np.array([early, 1.0 - early])[:, None]
    chances = with_share(0.4, dates * share, np.log(odds_ratio) * np.array([[0.0], [1.0]]) * response)
    operated = (planned * chances).sum(axis=0)
    before = RATE * np.exp(np.sqrt(2.0) * SCORE * nodes)[:, None]
    alive = weights[:, None] * share * np.exp(-before * (3.0 + 5.0 * ratio))
    arms = np.array([alive * (1.0 - operated), alive * operated]).reshape(2, -1)
    return limit(arms, (before * ratio).ravel())


@pytest.mark.parametrize("odds_ratio", [4.0, 2.0, 1.0])
def test_responders_at_a_landmark(odds_ratio: float) -> None:
    agrees(stored("responder_selection", "landmark", "cox")[odds_ratio], by_response(odds_ratio))


def test_responders_at_a_landmark_as_the_lesson_states_it() -> None:
    assert by_response(4.0) == pytest.approx(-0.2981, abs=5e-5)
    assert by_response(2.0) == pytest.approx(-0.1660, abs=5e-5)
    assert abs(by_response(1.0)) < 1e-12
