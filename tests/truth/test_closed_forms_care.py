"""Other treatment, calendar time and imaging under constant hazards: mixtures of exponentials as Cox regression sees them."""

from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from biasim.cohort.patients.two_scores_over_years import Imaging
from biasim.cohort.treatment.by_year import Wait
from biasim.store.tables import read_table

from .test_closed_forms import RATE, agrees, cohorts, cox_limit, log_hazard_ratio

END = 60.0  # months of follow-up
TIME = np.linspace(0.0, END, 60_001)
AT_ONCE = {"median_wait": 1e-9, "wait_spread": 0.0}
NO_WAIT = {"wait": Wait(median=1e-9, spread=0.0)}


def step(early, late=None, change=0.0, spread=0.0):
    """Survival and density on TIME when the hazard is `early` before month `change` and `late` from it on.

    `spread` is the standard deviation of a normal log frailty that multiplies both, integrated over 40 nodes.
    """
    late = early if late is None else late
    nodes, weights = np.polynomial.hermite_e.hermegauss(40) if spread else (np.zeros(1), np.ones(1))
    frailty = np.exp(spread * nodes)[:, None]
    used = early * np.minimum(TIME, change) + late * np.maximum(TIME - change, 0.0)
    alive = np.exp(-frailty * used)
    weights = weights / weights.sum()
    return np.array([weights @ alive, np.where(change > TIME, early, late) * (weights @ (frailty * alive))])


def limit(unexposed, exposed):
    """The Cox limit for two mixtures of (weight, (survival, density)), weights being shares of the whole cohort."""
    arms = [sum(weight * curves for weight, curves in arm) for arm in (unexposed, exposed)]
    return cox_limit(TIME, np.array([arms[0][0], arms[1][0]]), np.array([arms[0][1], arms[1][1]]))


def crude(cohort, rows=slice(None)):
    """The log hazard ratio of being meant for surgery over the follow-up."""
    return log_hazard_ratio(np.minimum(cohort.death, END)[rows], (cohort.death < END)[rows], cohort.treatment.intended[rows])


def proven(found, truth, sign):
    """Within 3 Monte Carlo standard errors of the closed form, which is beyond 10 on the side of `sign`."""
    mcse = agrees(found, truth)
    assert sign * truth > 10.0 * mcse


# ---------------------------------------------------------------- co-intervention


def co_intervention(meant, share, odds_ratio, ratio, later=0.0, spread=0.0):
    """Each group is a mixture of the treated and the untreated.

    Of the others a share q is treated, of those meant for surgery q' = q OR / (1 - q + q OR). The treated die at the rate
    times the ratio, in those meant for surgery only from month `later` on.
    """
    more = share * odds_ratio / (1.0 - share + share * odds_ratio)
    untreated, treated = step(RATE, spread=spread), step(ratio * RATE, spread=spread)
    others = [((1.0 - meant) * share, treated), ((1.0 - meant) * (1.0 - share), untreated)]
    operated = [(meant * more, step(RATE, ratio * RATE, later, spread)), (meant * (1.0 - more), untreated)]
    return limit(others, operated)


@pytest.mark.parametrize(
    ("share", "odds_ratio", "later", "sign"), [(0.7, 3.6, 0.0, -1), (0.936, 0.215, 0.0, 1), (0.7, 1.0, 6.0, 1)]
)
def test_co_intervention(share, odds_ratio, later, sign):
    truth = co_intervention(0.4, share, odds_ratio, 0.6, later)
    care = ("with_surgery", {"share": share, "odds_ratio": odds_ratio, "hazard_ratio": 0.6, "later": later})
    treatment = ("by_prognosis", {"share": 0.4, **AT_ONCE})
    proven([crude(c) for c in cohorts(100, 10_000, treatment=treatment, care=care)], truth, sign)


def test_equal_shares_or_a_treatment_that_does_nothing_leave_nothing():
    assert abs(co_intervention(0.4, 0.7, 1.0, 0.6)) < 1e-9
    assert abs(co_intervention(0.4, 0.7, 3.6, 1.0)) < 1e-9


# ---------------------------------------------------------------- calendar time


def by_year(years, share, reference, odds_ratio):
    """The chance of being meant for surgery in each of the years 0, 1, ...; all years are as long."""
    odds = share / (1.0 - share) * odds_ratio ** (np.arange(years) - reference)
    return odds / (1.0 + odds)


def calendar(chance, ratio, spread=0.0):
    """Women of year k die at RATE x ratio^k, and a share chance[k] of them is meant for surgery."""
    curves = [step(RATE * ratio**k, spread=spread) for k in range(len(chance))]
    return limit(
        [((1.0 - p) / len(chance), curve) for p, curve in zip(chance, curves, strict=True)],
        [(p / len(chance), curve) for p, curve in zip(chance, curves, strict=True)],
    )


@pytest.mark.parametrize(("share", "reference", "odds_ratio", "sign"), [
    (0.4, 7.0, 0.88, 1), (0.4, 7.0, 1.14, -1),
    (0.999, 7.0, 1e6, -1),  # nobody before the eighth year and everybody from then on: historical controls
])  # fmt: skip
def test_calendar_time(share, reference, odds_ratio, sign):
    truth = calendar(by_year(15, share, reference, odds_ratio), 0.95)
    choice = {"share": share, "reference_year": 2000.0 + reference, "odds_ratio_per_year": odds_ratio, **NO_WAIT}
    found = cohorts(
        60, 10_000, patients=("two_scores_over_years", {"years": 15.0}), treatment=("by_year", choice),
        care=("improving", {"hazard_ratio_per_year": 0.95, "reference_year": 2000.0}),
    )  # fmt: skip
    proven([crude(c) for c in found], truth, sign)


def test_calendar_time_switched_off():
    assert abs(calendar(by_year(15, 0.4, 7.0, 1.0), 0.95)) < 1e-9
    assert abs(calendar(by_year(15, 0.4, 7.0, 0.88), 1.0)) < 1e-9


# ---------------------------------------------------------------- Will Rogers by imaging


SMALL, SMALL_RATIO = 0.3, np.exp(-0.9)


def imaging(chance, seen, share=SMALL):
    """Women called stage IV at diagnosis in year k: all with ordinary metastases, and a share seen[k] of those with small ones.

    In every year the same share chance[k] of both is meant for surgery; what changes is the mixture.
    """
    ordinary, small = step(RATE), step(RATE * SMALL_RATIO)
    arms = [[], []]
    for p, s in zip(chance, seen, strict=True):
        for arm, weight in zip(arms, (1.0 - p, p), strict=True):
            arm += [(weight * (1.0 - share), ordinary), (weight * share * s, small)]
    return limit(*arms)


@pytest.mark.parametrize(("odds_ratio", "sign"), [(0.8, 1), (1.25, -1)])
def test_the_will_rogers_mixture_over_years(odds_ratio, sign):
    truth = imaging(by_year(15, 0.4, 7.0, odds_ratio), np.linspace(0.0, 1.0, 15))
    found = cohorts(
        100, 10_000,
        patients=("two_scores_over_years", {"years": 15.0, "imaging": Imaging(small_share=SMALL, small_log_ratio=-0.9)}),
        treatment=("by_year", {"odds_ratio_per_year": odds_ratio, **NO_WAIT}),
    )  # fmt: skip
    proven([crude(c, c.staging.known == 0.0) for c in found], truth, sign)


def test_imaging_switched_off():
    assert abs(imaging(by_year(15, 0.4, 7.0, 1.0), np.linspace(0.0, 1.0, 15))) < 1e-9
    assert abs(imaging(by_year(15, 0.4, 7.0, 0.8), np.full(15, 0.5))) < 1e-9


def test_stage_iv_looks_better_from_year_to_year_and_nobody_lives_longer():
    """Three-year survival of the women called stage IV, and of all women, in the first and in the last year."""
    world = {"patients": ("two_scores_over_years", {"years": 15.0, "imaging": Imaging(small_share=SMALL, small_log_ratio=-0.9)})}
    (cohort,) = cohorts(1, 400_000, **world)
    year, called = cohort.patients.columns["year"], ~cohort.patients.occult
    alive = cohort.death > 36.0
    first, last = (alive[(year == k) & called].mean() for k in (0.0, 14.0))
    ordinary, small = np.exp(-36.0 * RATE), np.exp(-36.0 * RATE * SMALL_RATIO)
    error = np.sqrt(0.25 / (cohort.size / 15))
    assert abs(first - ordinary) < 4 * error
    assert abs(last - ((1 - SMALL) * ordinary + SMALL * small)) < 4 * error
    assert abs(alive[year == 0.0].mean() - alive[year == 14.0].mean()) < 4 * np.sqrt(2) * error


# ---------------------------------------------------------------- the shipped studies


RESULTS = Path(__file__).parents[2] / "results"
SCORES = sqrt(0.5)  # two independent scores with a log hazard ratio of 0.5 per standard deviation
FALLING, RISING, POLICY = by_year(15, 0.4, 7.0, 0.88), by_year(15, 0.4, 7.0, 1.14), by_year(15, 0.999, 7.0, 1e6)
SEEN = np.linspace(0.0, 1.0, 15)


def stored(study, design, method="cox"):
    """Mean log hazard ratio and its Monte Carlo standard error, scenario by scenario."""
    rows = read_table(RESULTS / study / "tables" / "performance.csv")
    wanted = [row for row in rows if (row["design"], row["method"], row["measure"]) == (design, method, "mean")]
    return [(float(row["value"]), float(row["mcse"])) for row in wanted]


def found_by_surgery(occult):
    """All of the occult are operated on and found so; of the others 35 %."""
    ordinary, small = step(RATE, spread=SCORES), step(RATE * SMALL_RATIO, spread=SCORES)
    return limit([((1.0 - occult) * 0.65, ordinary)], [((1.0 - occult) * 0.35, ordinary), (occult, small)])


SHIPPED = [
    ("stage_migration", "registry", lambda: [found_by_surgery(share) for share in (0.1, 0.05, 0.0)]),
    ("co_intervention", "registry",
     lambda: [co_intervention(0.4, 0.696, ratio, 0.6, spread=SCORES) for ratio in (3.6, 9.3, 1.0)]),
    ("trial_systemic_therapy", "trial",
     lambda: [co_intervention(0.5, 0.936, ratio, 0.6, spread=SCORES) for ratio in (0.215, 0.5, 1.0)]),
    ("trial_systemic_therapy", "therapy_later", lambda: [co_intervention(0.5, 0.936, 1.0, 0.6, 6.0, SCORES)] * 3),
    ("calendar_time", "registry", lambda: [calendar(FALLING, ratio, SCORES) for ratio in (0.95, 0.98, 1.0)]),
    ("calendar_time", "surgery_spreads", lambda: [calendar(RISING, ratio, SCORES) for ratio in (0.95, 0.98, 1.0)]),
    ("calendar_time", "historical_controls", lambda: [calendar(POLICY, ratio, SCORES) for ratio in (0.95, 0.98, 1.0)]),
    ("stage_migration_by_imaging", "registry", lambda: [imaging(by_year(15, 0.4, 7.0, 0.8), SEEN, s) for s in (0.3, 0.125, 0.0)]),
]  # fmt: skip


@pytest.mark.parametrize(("study", "design", "integrals"), SHIPPED, ids=[f"{row[0]}-{row[1]}" for row in SHIPPED])
def test_the_stored_means_of_the_shipped_studies_are_these_integrals(study, design, integrals):
    for (mean, mcse), truth in zip(stored(study, design), integrals(), strict=True):
        assert abs(mean - truth) < 3.0 * mcse, (mean, mcse, truth)
