"""The usual wrong analyses and their aligned neighbours over 2,000 studies: right where they say so, wrong as they say.

In Monte Carlo standard errors (Morris, White and Crowther 2019, doi 10.1002/sim.8086), seeds fixed. Hazards are constant,
0.04 a month, times exp(x) of a recorded and exp(u) of a hidden score, each 0 unless a world says otherwise.
"""

from dataclasses import replace
from math import log, sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods._checks import take
from biasim.methods.cox import cox
from biasim.methods.cox_adjusted_for_consequence import cox_adjusted_for_consequence
from biasim.methods.cox_complete_cases import cox_complete_cases
from biasim.methods.cox_early_deaths_excluded import cox_early_deaths_excluded
from biasim.methods.cox_ever_exposed import cox_ever_exposed
from biasim.methods.cox_exposed_restricted import cox_exposed_restricted
from biasim.methods.cox_immortal_time_excluded import cox_immortal_time_excluded
from biasim.methods.cox_landmarks import cox_landmarks
from biasim.methods.cox_time_dependent import cox_time_dependent

REPLICATES, SIZE, RATE = 2000, 400, 0.04
EFFECT = log(0.6)
INF = np.inf


class Draws:
    """One study's draws: exposure by chance, two scores, survival by one clock per patient, loss between months 30 and 90."""

    def __init__(self, seed, size=SIZE):
        self.rng = np.random.default_rng([73, seed])
        self.size = size
        self.chance, self.clock = self.rng.random((2, size))
        self.clock = -np.log1p(-self.clock)
        self.x, self.u = self.rng.standard_normal((2, size))
        self.wait = self.rng.exponential(8.0, size)
        self.lost = self.rng.uniform(30.0, 90.0, size)
        self.exposed = self.chance < 0.5

    def death(self, log_hazard=0.0, *, effect=0.0, wait=0.0):
        """Months to death where the exposed have their hazard multiplied from `wait` on."""
        base = RATE * np.exp(log_hazard + np.zeros(self.size))
        before = np.where(self.exposed, base * wait, INF)
        after = wait + (self.clock - before) / (base * np.exp(effect))
        return np.where(self.clock > before, after, self.clock / base)


def at_once(make, draws, death, **fields):
    return make(np.minimum(death, draws.lost), death <= draws.lost, draws.exposed, **fields)


def over_time(make, draws, death, wait, **fields):
    time = np.minimum(death, draws.lost)
    seen = draws.exposed & (wait < time)
    return make(time, death <= draws.lost, seen, exposed_from=np.where(seen, wait, INF), **fields)


def repeat(study, method, *, replicates=REPLICATES, **parameters):
    """Estimate, error, low, high of each replicate, shape (4, replicates); all must end well."""
    rows = np.empty((replicates, 4))
    for replicate in range(replicates):
        found = method(study(Draws(replicate)), **parameters)
        assert found.status is Status.OK, found.message
        rows[replicate] = found.estimate, found.standard_error, found.low, found.high
    return rows.T


def distance(estimate, truth):
    return (estimate.mean() - truth) / (estimate.std(ddof=1) / sqrt(len(estimate)))


def right(found, truth):
    """|bias| within 3 and coverage of 95% within 4 Monte Carlo standard errors."""
    estimate, _, low, high = found
    covered = np.mean((low <= truth) & (truth <= high))
    print(f"bias {distance(estimate, truth):+.2f} MCSE ({estimate.mean() - truth:+.4f}), coverage {covered:.4f}")
    assert abs(distance(estimate, truth)) < 3.0
    assert abs(covered - 0.95) < 4.0 * sqrt(0.95 * 0.05 / len(low))


def wrong(found, truth, direction):
    """Bias beyond 10 Monte Carlo standard errors, in this direction: -1 favours the exposed."""
    estimate = found[0]
    print(f"bias {distance(estimate, truth):+.1f} MCSE ({estimate.mean() - truth:+.3f})")
    assert direction * distance(estimate, truth) > 10.0


# ---------------------------------------------------------------- immortal time


IMMORTAL = {
    "ever": (cox_ever_exposed, {}),
    "excluded_from_exposure": (cox_immortal_time_excluded, {"clock": "from_exposure"}),
    "excluded_from_time_zero": (cox_immortal_time_excluded, {"clock": "from_time_zero"}),
}


@pytest.mark.long
@pytest.mark.parametrize("name", IMMORTAL)
def test_right_when_exposure_begins_at_time_zero(make, name):
    def study(draws):
        return over_time(make, draws, draws.death(effect=EFFECT), np.zeros(draws.size))

    method, parameters = IMMORTAL[name]
    right(repeat(study, method, **parameters), EFFECT)


def waiting(make):
    return lambda draws: over_time(make, draws, draws.death(), draws.wait)


@pytest.mark.long
@pytest.mark.parametrize("name", IMMORTAL)
def test_immortal_time_favours_the_exposed(make, name):
    method, parameters = IMMORTAL[name]
    wrong(repeat(waiting(make), method, replicates=300, **parameters), 0.0, -1)


@pytest.mark.long
def test_excluding_immortal_time_takes_away_only_a_part_of_the_bias(make):
    ever = repeat(waiting(make), cox_ever_exposed, replicates=300)[0]
    for clock in ("from_exposure", "from_time_zero"):
        excluded = repeat(waiting(make), cox_immortal_time_excluded, replicates=300, clock=clock)[0]
        wrong([ever - excluded], 0.0, -1)
        wrong([excluded], 0.0, -1)


@pytest.mark.long
def test_a_clock_set_back_adds_the_bias_of_a_changing_hazard(make):
    """Weibull hazards that rise with time: the exposed, older by their wait, are set beside younger person-time."""
    def study(draws):
        return over_time(make, draws, 6.0 * np.sqrt(draws.death()), draws.wait)

    back, late = (repeat(study, cox_immortal_time_excluded, replicates=300, clock=clock)[0]
                  for clock in ("from_exposure", "from_time_zero"))
    wrong([back - late], 0.0, +1)


# ---------------------------------------------------------------- early deaths excluded


@pytest.mark.long
def test_early_deaths_excluded_is_right_with_exposure_fixed_and_a_constant_hazard_ratio(make):
    def study(draws):
        return at_once(make, draws, draws.death(effect=EFFECT))

    right(repeat(study, cox_early_deaths_excluded, months=6.0), EFFECT)


@pytest.mark.long
def test_early_deaths_excluded_leaves_the_rest_of_immortal_time(make):
    """Waits of 8 months on average: less bias than with all deaths, and still bias."""
    def study(draws):
        observed = over_time(make, draws, draws.death(), draws.wait)
        return make(observed.time, observed.event, observed.exposed)

    less = repeat(study, cox_early_deaths_excluded, replicates=300, months=6.0)[0]
    wrong([less], 0.0, -1)
    wrong([repeat(study, cox, replicates=300)[0] - less], 0.0, -1)


@pytest.mark.long
def test_early_deaths_excluded_hides_early_harm(make):
    """Exposure triples the hazard for 6 months and does nothing afterwards."""
    def study(draws):
        early = RATE * 6.0 * np.where(draws.exposed, 3.0, 1.0)
        dead = draws.clock < early
        death = np.where(dead, draws.clock / early * 6.0, 6.0 + (draws.clock - early) / RATE)
        return at_once(make, draws, death)

    hidden, all_deaths = repeat(study, cox_early_deaths_excluded, replicates=300), repeat(study, cox, replicates=300)
    wrong(all_deaths, 0.0, +1)
    wrong([hidden[0] - all_deaths[0]], 0.0, -1)
    assert abs(distance(hidden[0], 0.0)) < 3.0


# ---------------------------------------------------------------- consequences of exposure


def margins(make, *, odds_ratio, effect):
    """Clear margins of half of the exposed, by hidden prognosis unless the odds ratio is 1; no effect of their own."""
    def study(draws):
        hidden = 0.0 if odds_ratio == 1.0 else draws.u
        clear = draws.exposed & (draws.rng.random(draws.size) < 1 / (1 + odds_ratio ** -draws.u))
        return at_once(make, draws, draws.death(hidden, effect=effect), covariates=clear, names=("clear",))

    return study


@pytest.mark.long
def test_consequences_that_are_chance_do_nothing(make):
    study = margins(make, odds_ratio=1.0, effect=EFFECT)
    right(repeat(study, cox_adjusted_for_consequence, consequences=("clear",)), EFFECT)
    right(repeat(study, cox_exposed_restricted, consequence="clear"), EFFECT)


@pytest.mark.long
def test_consequences_of_hidden_prognosis(make):
    """Adjusting favours the unexposed, restricting favours the exposed; the plain analysis of the same data is right."""
    study = margins(make, odds_ratio=0.4, effect=0.0)
    wrong(repeat(study, cox_adjusted_for_consequence, replicates=300, consequences=("clear",)), 0.0, +1)
    wrong(repeat(study, cox_exposed_restricted, replicates=300, consequence="clear"), 0.0, -1)
    assert abs(distance(repeat(study, cox, replicates=300)[0], 0.0)) < 3.0

    def unclear(draws):
        observed = study(draws)
        return replace(observed, covariates=observed.exposed[:, None] - observed.covariates)

    wrong(repeat(unclear, cox_adjusted_for_consequence, replicates=300, consequences=("clear",)), 0.0, -1)
    wrong(repeat(unclear, cox_exposed_restricted, replicates=300, consequence="clear"), 0.0, +1)


@pytest.mark.long
def test_a_consequence_that_carries_the_effect_hides_it(make):
    """Only clear margins help, by a hazard ratio of 0.4: given them, exposure does nothing."""
    def study(draws):
        clear = draws.exposed & (draws.rng.random(draws.size) < 0.7)
        return at_once(make, draws, draws.death(effect=log(0.4) * clear), covariates=clear, names=("clear",))

    adjusted = repeat(study, cox_adjusted_for_consequence, replicates=300, consequences=("clear",))[0]
    assert abs(distance(adjusted, 0.0)) < 3.0
    wrong([adjusted - repeat(study, cox, replicates=300)[0]], 0.0, +1)


# ---------------------------------------------------------------- missing values


def recorded(make, *, effect, lacking):
    """Exposure driven by a recorded score that also drives death; `lacking(draws, death)` is the chance of a missing value."""
    def study(draws):
        draws.exposed = draws.chance < 1 / (1 + np.exp(-0.8 * draws.x))
        death = draws.death(0.7 * draws.x, effect=effect)
        missing = draws.rng.random(draws.size) < lacking(draws, death)
        return at_once(make, draws, death, covariates=np.where(missing, np.nan, draws.x), names=("x",))

    return study


@pytest.mark.long
@pytest.mark.parametrize("lacking", [
    lambda draws, death: 0.3,
    lambda draws, death: 0.6 / (1 + np.exp(1.5 * draws.x)),
    lambda draws, death: np.where(draws.exposed, 0.1, 0.4),
], ids=["completely_at_random", "by_the_missing_value", "by_exposure"])
def test_complete_cases_are_right_where_survival_has_no_part(make, lacking):
    """No effect, so that the truth is 0 whatever the sample; the small bias of order 1/n of an effect is tested apart."""
    right(repeat(recorded(make, effect=0.0, lacking=lacking), cox_complete_cases), 0.0)


@pytest.mark.long
def test_complete_cases_recover_an_effect(make):
    found = repeat(recorded(make, effect=EFFECT, lacking=lambda draws, death: 0.3), cox_complete_cases)
    estimate, _, low, high = found
    assert abs(np.mean((low <= EFFECT) & (high >= EFFECT)) - 0.95) < 4.0 * sqrt(0.95 * 0.05 / REPLICATES)
    assert abs(estimate.mean() - EFFECT) < 0.01  # small-sample bias of order 1/n


@pytest.mark.long
def test_complete_cases_by_survival_and_exposure_favour_the_unexposed(make):
    def lacking(draws, death):
        return np.where(~draws.exposed & (death < 6.0), 0.6, 0.1)

    wrong(repeat(recorded(make, effect=0.0, lacking=lacking), cox_complete_cases, replicates=300), 0.0, +1)


@pytest.mark.long
@pytest.mark.parametrize(("early", "late", "direction"), [(0.8, 0.1, -1), (0.1, 0.8, +1)], ids=["early_deaths", "survivors"])
def test_complete_cases_by_survival_alone_change_an_effect_and_make_none(make, early, late, direction):
    """Against the same patients with every value known: larger without the early deaths, smaller without the survivors."""
    def lacking(draws, death):
        return np.where(death < 12.0, early, late)

    def estimates(effect, chance):
        return repeat(recorded(make, effect=effect, lacking=chance), cox_complete_cases)[0]

    wrong([estimates(log(0.4), lacking) - estimates(log(0.4), lambda draws, death: 0.0)], 0.0, direction)
    assert abs(distance(estimates(0.0, lacking), 0.0)) < 3.0


# ---------------------------------------------------------------- aligned in time


@pytest.mark.long
@pytest.mark.parametrize("later", ["censored", "unexposed"])
def test_a_window_is_right_without_effect(make, later):
    right(repeat(waiting(make), cox_time_dependent, window=8.0, later=later), 0.0)


@pytest.mark.long
def test_a_window_recovers_an_effect_when_the_late_are_censored(make):
    def study(draws):
        return over_time(make, draws, draws.death(effect=EFFECT, wait=draws.wait), draws.wait)

    right(repeat(study, cox_time_dependent, window=8.0), EFFECT)
    wrong(repeat(study, cox_time_dependent, replicates=600, window=8.0, later="unexposed"), EFFECT, +1)


@pytest.mark.long
@pytest.mark.parametrize("horizon", [None, 12.0])
def test_landmarks_are_right_without_effect(make, horizon):
    right(repeat(waiting(make), cox_landmarks, horizon=horizon), 0.0)


@pytest.mark.long
def test_landmarks_recover_the_effect_of_exposure_before_the_first(make):
    def study(draws):
        wait = np.minimum(draws.wait, 3.0)
        return over_time(make, draws, draws.death(effect=EFFECT, wait=wait), wait)

    right(repeat(study, cox_landmarks), EFFECT)


@pytest.mark.long
def test_landmarks_dilute_the_effect_of_exposure_after_them(make):
    """The less the shorter the horizon."""
    def study(draws):
        return over_time(make, draws, draws.death(effect=EFFECT, wait=draws.wait), draws.wait)

    whole, short = (repeat(study, cox_landmarks, replicates=600, horizon=horizon) for horizon in (None, 3.0))
    wrong(whole, EFFECT, +1)
    assert whole[0].mean() > short[0].mean()


@pytest.mark.long
@pytest.mark.parametrize("method", [cox_landmarks, cox_time_dependent])
def test_selection_by_hidden_prognosis_favours_the_exposed(make, method):
    def study(draws):
        draws.exposed = draws.chance < 1 / (1 + np.exp(draws.u))
        return over_time(make, draws, draws.death(0.7 * draws.u), draws.wait)

    wrong(repeat(study, method, replicates=300), 0.0, -1)


@pytest.mark.long
def test_rows_of_one_patient_need_the_sandwich(make):
    """Without clusters the stack claims far too much: the patient counts at every landmark."""
    def study(draws):
        return over_time(make, draws, draws.death(), draws.wait)

    estimate, standard_error, *_ = repeat(study, cox_landmarks, replicates=600)
    empirical = estimate.std(ddof=1)
    assert sqrt(np.mean(standard_error**2)) == pytest.approx(empirical, rel=0.12)
    one = take(study(Draws(1)), np.arange(SIZE))
    rows = cox_landmarks(one).diagnostics
    assert rows["rows"] > 2.0 * rows["size"]
