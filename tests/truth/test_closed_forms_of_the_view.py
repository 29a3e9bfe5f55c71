"""Biases of the view with a closed form, constant hazards in two_scores, against simulation within 3 Monte Carlo standard errors.

Misaligned clocks, selection into the study and a record of surgery that errs. Each is stated twice: as the ratio of two rates
(deaths by months), which can be worked out on paper, and as the limit of Cox regression, an integral over time.
"""

from functools import partial

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.design.observe import observe
from biasim.engine.streams import Streams
from biasim.registry import find
from biasim.types import Patients

from .test_closed_forms import MEAN_WAIT, PARTS, RATE, SHARE, agrees, cox_limit, log_hazard_ratio, log_rate_ratio

TIME = np.concatenate([[0.0], np.geomspace(1e-4, 40.0 / RATE, 40_000)])
AT_ONCE = partial(find("treatment", "at_random"), share=SHARE, mean_wait=1e-9)
SEED = 20270106


def views(view, replicates=60, size=4000, **rooms):
    """What a design sees of many cohorts; rooms and parts of the view as functions."""
    plain = {"time_zero": "diagnosis", "exposure": "intended", "measurement": "nothing", "follow_up": "complete"}
    plain |= {"outcome": "death"}
    parts = {room: find(room, name) for room, name in plain.items()} | {"eligibility": (), "recording": ()} | view
    world = {room: partial(find(room, name), **parameters) for room, (name, parameters) in PARTS.items()} | rooms
    for replicate in range(replicates):
        streams = Streams(SEED, replicate)
        yield observe(generate(world, size, streams), parts, streams)


def compared(seen, rates, limit):
    """Ratio of rates and Cox regression, both as logarithms, against their closed forms; the second in standard errors."""
    data = [(one.time, one.event, one.exposed) for one in seen]
    agrees([log_rate_ratio(*one) for one in data], rates)
    return limit / agrees([log_hazard_ratio(*one) for one in data], limit)


def of_masses(masses, hazards):
    """Log ratio of rates and Cox limit where each group is a mixture of exponentials: (2, k) masses, (k,) or (2, k) hazards.

    A group of which mass m_j dies at rate l_j has sum m_j deaths in sum m_j / l_j months.
    """
    masses, hazards = np.broadcast_arrays(masses, hazards)
    rate = masses.sum(axis=1) / (masses / hazards).sum(axis=1)
    alive = np.exp(-hazards[:, :, None] * TIME)
    survival = (masses[:, :, None] * alive).sum(axis=1)
    density = ((masses * hazards)[:, :, None] * alive).sum(axis=1)
    return np.log(rate[1] / rate[0]), cox_limit(TIME, survival, density)


# ---------------------------------------------------------------- the operated from surgery, the others from diagnosis


def test_immortal_months_thrown_away():
    """From surgery on the operated die at rate l, whatever they waited. The others keep those who died waiting.

    These are p l / s of all, s = l + m, and die at rate s from diagnosis: the others are a mixture of two exponentials.
    """
    both = RATE + 1.0 / MEAN_WAIT
    died_first = SHARE * RATE / both
    masses = np.array([[1.0 - SHARE, died_first], [SHARE - died_first, 0.0]])
    rates, limit = of_masses(masses, np.array([RATE, both]))
    part = {"time_zero": find("time_zero", "by_group"), "exposure": find("exposure", "ever_operated")}
    assert compared(views(part), rates, limit) < -10.0


def test_the_months_of_the_wait_taken_from_those_meant_for_surgery():
    """By intention the deaths of the wait stay where they belong and its months go: against surgery by as much."""
    both = RATE + 1.0 / MEAN_WAIT
    died_first = SHARE * RATE / both
    masses = np.array([[1.0 - SHARE, 0.0], [SHARE - died_first, died_first]])
    rates, limit = of_masses(masses, np.array([RATE, both]))
    assert compared(views({"time_zero": find("time_zero", "by_group")}), rates, limit) > 10.0


# ---------------------------------------------------------------- lead time


@pytest.mark.parametrize("lead", [3.0, 9.0])
def test_lead_time(lead):
    """T + L against T: 1 / l + L months a death against 1 / l, that is a ratio of rates of 1 / (1 + l L)."""
    earlier = np.maximum(TIME - lead, 0.0)
    survival = np.array([(1.0 - SHARE) * np.exp(-RATE * TIME), SHARE * np.exp(-RATE * earlier)])
    density = RATE * survival * np.array([np.ones(len(TIME)), lead < TIME])
    part = {"time_zero": partial(find("time_zero", "lead_time"), months=lead)}
    assert compared(views(part), -np.log1p(RATE * lead), cox_limit(TIME, survival, density)) < -10.0


def test_lead_time_in_everyone_is_none():
    part = {"time_zero": partial(find("time_zero", "lead_time"), months=9.0, group="everyone")}
    agrees([log_hazard_ratio(one.time, one.event, one.exposed) for one in views(part)], 0.0)


# ---------------------------------------------------------------- complete follow-up


@pytest.mark.parametrize("loss", [(0.03, 0.005), (0.02, 0.02)])
def test_complete_follow_up(loss):
    """Of the women lost at rate c before month k none is kept, of the dead all.

    With s = l + c, deaths are seen at a rate of l exp(-s t) at t. At risk at t < k are those who will be seen to die
    before k, and those still followed at k: (l / s)(exp(-s t) - exp(-s k)) + exp(-s k); after k, exp(-s t).
    """
    months, mass = 60.0, np.array([1.0 - SHARE, SHARE])[:, None]
    both = RATE + np.array(loss)[:, None]
    end = np.exp(-both * months)
    followed = np.exp(-both * TIME)
    survival = mass * np.where(months > TIME, RATE / both * (followed - end) + end, followed)
    density = mass * RATE * followed
    # deaths by months at risk: l / s over the integral of who is at risk
    at_risk = RATE / both * ((1.0 - end) / both - months * end) + months * end + end / both
    rate = (RATE / both / at_risk)[:, 0]

    def lost(patients, treatment, rng):
        return rng.standard_exponential(patients.size) / np.where(treatment.intended, loss[1], loss[0])

    part = {"eligibility": (partial(find("eligibility", "complete_follow_up"), months=months),)}
    seen = views(part, treatment=AT_ONCE, censoring=lost)
    deviate = compared(seen, np.log(rate[1] / rate[0]), cox_limit(TIME, survival, density))
    assert deviate < -10.0 if loss[0] > loss[1] else abs(deviate) < 1e-6


# ---------------------------------------------------------------- referral


def two_kinds(size, rng):
    """Half of the patients die at twice the hazard, half at half of it, and nothing that is recorded tells."""
    kind = np.where(rng.random(size) < 0.5, -1.0, 1.0)
    zeros = np.zeros(size)
    return Patients(columns={"kind": kind}, recorded=(), hidden=("kind",), recorded_log_hazard=zeros,
                    hidden_log_hazard=np.log(2.0) * kind, diagnosed=zeros + 2000.0, occult=zeros > 0)  # fmt: skip


@pytest.mark.parametrize(("odds_ratio_by", "odds_ratio_hidden"), [(6.0, 2.5), (6.0, 0.4), (6.0, 1.0), (1.0, 2.5)])
def test_a_table_of_two_by_two_says_who_enters(odds_ratio_by, odds_ratio_hidden):
    """Each of the four cells enters with odds of 1 to 3, times the ratios: the masses of a mixture of two exponentials."""
    odds = np.array([[odds_ratio_by**operated * odds_ratio_hidden**kind / 3.0 for kind in (-1, 1)] for operated in (0, 1)])
    region = np.array([[0.5 * (1.0 - SHARE)] * 2, [0.5 * SHARE] * 2])
    entered = region * odds / (1.0 + odds)
    if (odds_ratio_by, odds_ratio_hidden) == (6.0, 2.5):  # by hand: 2/17, 5/11, 4/9 and 5/6 of the four cells
        assert (entered / region).ravel() == pytest.approx([2 / 17, 5 / 11, 4 / 9, 5 / 6])
    rates, limit = of_masses(entered, RATE * np.array([0.5, 2.0]))
    part = partial(find("eligibility", "referred"), share=0.25, odds_ratio_by=odds_ratio_by, odds_ratio_hidden=odds_ratio_hidden)
    deviate = compared(views({"eligibility": (part,)}, patients=two_kinds, treatment=AT_ONCE), rates, limit)
    if 1.0 in (odds_ratio_by, odds_ratio_hidden):
        assert (rates, limit) == pytest.approx((0.0, 0.0), abs=1e-12)
    else:
        assert (-deviate if odds_ratio_hidden > 1.0 else deviate) > 10.0


def test_chances_that_multiply_select_and_confound_nothing():
    """The same table with chances 0.1, 0.25, 0.24 and 0.6, which multiply: what is left is exactly none."""
    entered = np.array([[0.3 * 0.1, 0.3 * 0.25], [0.2 * 0.24, 0.2 * 0.6]])
    assert of_masses(entered, RATE * np.array([0.5, 2.0])) == pytest.approx((0.0, 0.0), abs=1e-12)


# ---------------------------------------------------------------- a record that errs


@pytest.mark.parametrize("right", [(0.8, 0.95), (0.6, 0.8)])
def test_errors_by_chance_mix_the_two_hazards(right):
    """A mass p Se of the exposed dies at 0.6 l and q (1 - Sp) of them at l; of the unexposed, p (1 - Se) and q Sp."""
    sensitivity, specificity = right
    masses = np.array([[SHARE * (1.0 - sensitivity), (1.0 - SHARE) * specificity],
                       [SHARE * sensitivity, (1.0 - SHARE) * (1.0 - specificity)]])  # fmt: skip
    rates, limit = of_masses(masses, RATE * np.array([0.6, 1.0]))
    assert np.log(0.6) < rates < 0.0
    assert np.log(0.6) < limit < 0.0
    assert of_masses(masses, RATE * np.ones(2)) == pytest.approx((0.0, 0.0), abs=1e-12)  # from none they make none
    part = partial(find("exposure", "misrecorded"), sensitivity=sensitivity, specificity=specificity, odds_ratio_missed=1.0)
    works = partial(find("effect", "constant"), hazard_ratio=0.6)
    assert compared(views({"exposure": part}, treatment=AT_ONCE, effect=works), rates, limit) < -10.0


@pytest.mark.parametrize(("missed", "added"), [(2.5, 1.0), (1.0, 2.5)])
def test_errors_that_go_with_prognosis_make_an_effect_of_none(missed, added):
    """Among women of score z the chance of an error is a logistic function of z: mixtures over a normal score."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum()

    def wrong(average, ratio):
        odds = average / (1.0 - average) * ratio**nodes
        return odds / (1.0 + odds)

    left_out, made_up = wrong(0.2, missed), wrong(0.1, added)
    exposed = weights * (SHARE * (1.0 - left_out) + (1.0 - SHARE) * made_up)
    rates, limit = of_masses(np.array([weights - exposed, exposed]), RATE * np.exp(0.5 * nodes))
    part = partial(find("exposure", "misrecorded"), sensitivity=0.8, specificity=0.9, odds_ratio_missed=missed,
                   odds_ratio_added=added)  # fmt: skip
    patients = partial(find("patients", "two_scores"), hidden_log_ratio=0.5)
    deviate = compared(views({"exposure": part}, patients=patients, treatment=AT_ONCE), rates, limit)
    assert (-deviate if missed > 1.0 else deviate) > 10.0
