"""What Cox regression tends to when a confounder is recorded badly, against simulation within 3 Monte Carlo standard errors.

Constant hazards, everybody followed until she dies, surgery at once and without effect.
"""

from __future__ import annotations

from functools import partial
from statistics import NormalDist

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.engine.streams import Streams
from biasim.kernels import cox
from biasim.registry import find

from .cox_limits import NODES, RATE, SHARE, WEIGHTS, chosen, limit

LOG_RATIO, ODDS_RATIO = 0.7, 0.5
PARTS = {
    "patients": ("two_scores", {"recorded_log_ratio": LOG_RATIO}), "course": ("none", {}), "effect": ("none", {}),
    "censoring": ("none", {}), "care": ("none", {}), "local": ("none", {}), "staging": ("found_at_surgery", {}),
    "treatment": ("by_prognosis", {"share": SHARE, "odds_ratio": ODDS_RATIO, "median_wait": 1e-9, "wait_spread": 0.0}),
    "survival": ("weibull", {"shape": 1.0, "scale": 1.0 / RATE}),
}  # fmt: skip


def population(record, odds_ratio=ODDS_RATIO, log_ratio=LOG_RATIO):
    """Kinds of women by score, error and operation; `record(score, error, operated)` is what is written down, by column."""
    score, error, operated = (grid.ravel() for grid in np.meshgrid(NODES, NODES, (0.0, 1.0), indexing="ij"))
    operated_chance = chosen(score, odds_ratio)
    weight = np.multiply.outer(np.outer(WEIGHTS, WEIGHTS), np.ones(2)).ravel()
    weight = weight * np.where(operated == 1.0, operated_chance, 1.0 - operated_chance)
    columns = record(score, error, operated)
    return weight, RATE * np.exp(log_ratio * score), np.column_stack([*columns, operated])


def simulated(recording, replicates=60, size=4000, **rooms):
    """The coefficient of the operation, adjusted for the record, of every replicate."""
    world = {room: partial(find(room, name), **parameters) for room, (name, parameters) in (PARTS | rooms).items()}
    found = []
    for replicate in range(replicates):
        streams = Streams(20230130, replicate)
        cohort = generate(world, size, streams)
        measured = find("measurement", "registry")(cohort, streams("measurement"))
        for name, parameters in recording:
            measured = find("recording", name)(cohort, measured, streams(f"recording.{name}"), **parameters)
        design = np.column_stack([measured.values, cohort.treatment.intended])
        found.append(cox.fit(cohort.death, np.ones(size, bool), design).coefficients[-1])
    return np.array(found)


def agrees(values, truth, times=3.0):
    mcse = values.std(ddof=1) / len(values) ** 0.5
    assert abs(values.mean() - truth) < times * mcse, (values.mean(), truth, mcse)
    return mcse


def noisy(reliability):
    return lambda score, error, operated: [score + np.sqrt(1.0 / reliability - 1.0) * error]


# ---------------------------------------------------------------- classical error


def test_the_limit_by_hand():
    """Adjusted for the score itself nothing is left; without it, the limit of an omitted normal confounder."""
    assert abs(limit(*population(lambda score, error, operated: [score]))) < 1e-6
    weight, hazard, record = population(lambda score, error, operated: [])
    # a small effect in a short study: the bias is the difference in means of the score times its log ratio
    operated = record[:, -1] == 1.0
    score = np.log(hazard / RATE) / LOG_RATIO
    apart = np.average(score[operated], weights=weight[operated]) - np.average(score[~operated], weights=weight[~operated])
    small = limit(weight, RATE * np.exp(0.02 * score), record, months=1.0)
    assert small == pytest.approx(0.02 * apart, rel=0.01)
    assert limit(weight, hazard, record) < -0.2


@pytest.mark.parametrize("reliability", [0.8, 0.5])
def test_error_in_a_confounder_leaves_part_of_the_confounding(reliability):
    """x is adjusted for as x + e. Of the difference in x between the groups, what x + e does not tell stays.

    For small effects: x given x + e, within a group, has mean w (x + e) with w the reliability within groups, so that
    1 - w of the difference in means stays: the share 1 - w of the crude bias. The integral is not limited to small effects.
    """
    truth = limit(*population(noisy(reliability)))
    mcse = agrees(simulated([("with_error", {"reliability": reliability})]), truth)
    assert truth < -10.0 * mcse
    small, crude = (limit(*population(record, 0.95, 0.05), 1.0) for record in (noisy(reliability), lambda *kinds: []))
    assert small / crude == pytest.approx(1.0 - reliability, abs=0.01)


def test_without_confounding_error_makes_no_effect():
    assert abs(limit(*population(noisy(0.5), odds_ratio=1.0))) < 1e-8
    treatment = ("by_prognosis", PARTS["treatment"][1] | {"odds_ratio": 1.0})
    agrees(simulated([("with_error", {"reliability": 0.5})], treatment=treatment), 0.0)


# ---------------------------------------------------------------- error that differs between the groups


def differential(reliability, understated=0.0):
    def record(score, error, operated):
        return [score + (1.0 - operated) * (np.sqrt(1.0 / reliability - 1.0) * error - understated)]

    return record


@pytest.mark.parametrize("months", [np.inf, 12.0])
def test_noise_in_the_unoperated_alone_biases_without_confounding(months):
    """The record is as spread as the score in the operated, wider in the others; the average of both is the same.

    With one coefficient g for both groups the model expects exp(g^2 / 2 reliability) times the deaths at score 0 among the
    unoperated, and exp(g^2 / 2) times among the operated: early on the operation makes up for the difference, b = g^2 (1 /
    reliability - 1) / 2 > 0.
    """
    weight, hazard, record = population(differential(0.5), odds_ratio=1.0)
    assert limit(weight, hazard, record, months) > 0.07


def test_noise_in_the_unoperated_alone_as_simulated():
    treatment = ("by_prognosis", PARTS["treatment"][1] | {"odds_ratio": 1.0})
    recording = [("known_better_in_operated", {"reliability": 0.5, "understated": 0.0})]
    truth = limit(*population(differential(0.5), odds_ratio=1.0))
    agrees(simulated(recording, treatment=treatment), truth)


def test_spread_understated_in_the_unoperated_makes_a_benefit_without_confounding():
    """With a record that is exact but for a shift d the bias is the log ratio times d, whatever the follow-up."""
    truth = limit(*population(differential(1.0, 0.5), odds_ratio=1.0))
    assert truth == pytest.approx(-0.5 * LOG_RATIO, abs=1e-6)
    treatment = ("by_prognosis", PARTS["treatment"][1] | {"odds_ratio": 1.0})
    recording = [("known_better_in_operated", {"reliability": 1.0, "understated": 0.5})]
    mcse = agrees(simulated(recording, treatment=treatment), truth)
    assert truth < -10.0 * mcse


def test_both_at_once_with_confounding():
    truth = limit(*population(differential(0.6, 0.5)))
    agrees(simulated([("known_better_in_operated", {})]), truth)


# ---------------------------------------------------------------- classes


def in_classes(classes, odds_ratio=ODDS_RATIO, log_ratio=LOG_RATIO):
    """Kinds of women by score, in 400 slices of equal size, and operation; the class of the score is written down."""
    fine = np.array([NormalDist().inv_cdf((k + 0.5) / 400) for k in range(400)])
    cuts = [NormalDist().inv_cdf(k / classes) for k in range(1, classes)]
    score, operated = (grid.ravel() for grid in np.meshgrid(fine, (0.0, 1.0), indexing="ij"))
    member = np.searchsorted(cuts, score)[:, None] == np.arange(1, classes)
    weight = np.where(operated == 1.0, chosen(score, odds_ratio), 1.0 - chosen(score, odds_ratio)) / len(fine)
    return weight, RATE * np.exp(log_ratio * score), np.column_stack([member, operated]).astype(float)


@pytest.mark.parametrize(("classes", "removed"), [(2, 0.64), (5, 0.90)])
def test_classes_leave_what_of_the_confounding_lies_within_them(classes, removed):
    """Cochran's shares (1968, doi 10.2307/2528036) hold for small effects; the integral for any."""
    truth = limit(*in_classes(classes))
    mcse = agrees(simulated([("coarsened", {"classes": classes})]), truth)
    assert truth < -5.0 * mcse
    small, crude = (limit(*in_classes(number, 0.95, 0.05), 1.0) for number in (classes, 1))
    assert 1.0 - small / crude == pytest.approx(removed, abs=0.01)


# ---------------------------------------------------------------- gaps


def test_a_missing_indicator_leaves_the_confounding_of_those_with_a_gap():
    """Gaps by chance in 40 %: those women are compared crudely, the others adjusted, and one coefficient holds for both."""
    score, gap, operated = (grid.ravel() for grid in np.meshgrid(NODES, (0.0, 1.0), (0.0, 1.0), indexing="ij"))
    chance = chosen(score, ODDS_RATIO)
    weight = np.multiply.outer(np.outer(WEIGHTS, (0.6, 0.4)), np.ones(2)).ravel()
    weight = weight * np.where(operated == 1.0, chance, 1.0 - chance)
    hazard = RATE * np.exp(LOG_RATIO * score)
    truth = limit(weight, hazard, np.column_stack([score * (1.0 - gap), gap, operated]))
    world = {room: partial(find(room, name), **parameters) for room, (name, parameters) in PARTS.items()}
    found = []
    for replicate in range(60):
        streams = Streams(20230130, replicate)
        cohort = generate(world, 4000, streams)
        measured = find("measurement", "registry")(cohort, streams("measurement"))
        seen = find("recording", "incomplete")(cohort, measured, streams("recording.incomplete"), share=0.4).values[:, 0]
        gaps = np.isnan(seen)
        design = np.column_stack([np.where(gaps, 0.0, seen), gaps, cohort.treatment.intended])
        found.append(cox.fit(cohort.death, np.ones(4000, bool), design).coefficients[-1])
    mcse = agrees(np.array(found), truth)
    assert truth < -10.0 * mcse
