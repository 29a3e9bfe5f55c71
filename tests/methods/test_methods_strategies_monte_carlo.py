"""clone_censor_weight and g_computation over many simulated studies, in worlds whose truth is worked out here.

No random number is shared with the library: hazards are exponential, truths are integrals over the one covariate.
"""

from dataclasses import fields, replace
from math import sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods._censoring_weights import CensoringModel
from biasim.methods.clone_censor_weight import clone_censor_weight
from biasim.methods.cox import cox
from biasim.methods.g_computation import g_computation
from biasim.methods.kaplan_meier import kaplan_meier
from biasim.types import Observed

pytestmark = pytest.mark.long
REPLICATES, GRACE, LAST, MONTH = 2000, 8.0, 12.0, 24.0  # nobody is operated after month LAST
DEATH, SURGERY = 0.04, 0.12  # per month, where the covariate is 0
X, MASS = np.polynomial.hermite_e.hermegauss(60)
MASS = MASS / MASS.sum()


def world(make, size, seed, *, ratio=1.0, measured=True):
    """Healthier patients are operated sooner, if they live to it; surgery multiplies the hazard by `ratio`."""
    rng = np.random.default_rng(seed)
    x, noise = rng.standard_normal((2, size))
    hazard = DEATH * np.exp(0.6 * x)
    wait = rng.standard_exponential(size) / (SURGERY * np.exp(-0.5 * x))
    wait[wait > LAST] = np.inf
    clock, lost = rng.standard_exponential(size), rng.uniform(30, 70, size)
    before = np.where(np.isfinite(wait), wait, 0.0)
    death = np.where(clock > hazard * wait, before + (clock - hazard * before) / (hazard * ratio), clock / hazard)
    time = np.minimum(death, lost)
    start = np.where(wait < time, wait, np.inf)
    return make(time, death <= lost, np.isfinite(start), covariates=x if measured else noise, exposed_from=start)


def truths(ratio, *, never):
    """Survival difference at MONTH and RMST difference up to it: operated within GRACE, else at its end, against the rest."""
    t = np.linspace(0.0, MONTH, 4801)[:, None]
    hazard, surgery = DEATH * np.exp(0.6 * X), SURGERY * np.exp(-0.5 * X)

    def as_it_comes(months):
        """Alive after so many months of natural surgery: unoperated, operated."""
        rate = hazard + surgery - ratio * hazard
        operated = surgery * np.exp(-ratio * hazard * months) * -np.expm1(-rate * months) / rate
        return np.exp(-(hazard + surgery) * months), operated

    early, later = np.minimum(t, GRACE), np.clip(t - GRACE, 0.0, LAST - GRACE)
    rest = t - early
    strategy = sum(as_it_comes(early)) * np.exp(-ratio * hazard * rest)
    unoperated, operated = as_it_comes(later)
    over = rest - later
    control = np.exp(-hazard * early) * (unoperated * np.exp(-hazard * over) + operated * np.exp(-ratio * hazard * over))
    difference = (strategy - (np.exp(-hazard * t) if never else control)) @ MASS
    return {"survival_difference": difference[-1], "rmst_difference": np.trapezoid(difference, t[:, 0])}


def repeat(study, method, replicates=REPLICATES, **parameters):
    """Estimate, error, low, high of every replicate; all must end well."""

    def one(seed):
        found = method(study(seed), **parameters)
        assert found.status is Status.OK, found
        return found.estimate, found.standard_error, found.low, found.high

    return np.array([one(seed) for seed in range(replicates)]).T


def bias(found, truth):
    """In Monte Carlo standard errors."""
    return (found[0].mean() - truth) / (found[0].std(ddof=1) / sqrt(found.shape[1]))


def coverage(found, truth):
    """Coverage less 95%, in Monte Carlo standard errors."""
    return (np.mean((found[2] <= truth) & (truth <= found[3])) - 0.95) / sqrt(0.95 * 0.05 / found.shape[1])


def right(found, truth):
    assert abs(bias(found, truth)) < 3
    assert abs(coverage(found, truth)) < 4


def by(model):
    return CensoringModel(model=model)


@pytest.mark.parametrize("model", ["cox", "pooled_logistic"])
@pytest.mark.parametrize("contrast", ["hazard_ratio", "survival_difference", "rmst_difference"])
def test_without_effect_clones_are_unbiased(make, contrast, model):
    """Confounded timing and immortal time, where ever against never is far off. 1,000 patients: there is a bias of order 1/n."""
    options = {"contrast": contrast, "months": MONTH, "weights": by(model)}
    right(repeat(lambda seed: world(make, 1000, seed), clone_censor_weight, **options), 0.0)


def test_without_effect_the_usual_analyses_are_not(make):
    ever = repeat(lambda seed: world(make, 300, seed), cox, 300, adjust=True)
    assert bias(ever, 0.0) < -10
    unweighted = repeat(lambda seed: world(make, 300, seed), clone_censor_weight, 300, weights=by("none"))
    assert bias(unweighted, 0.0) < -10


@pytest.mark.parametrize("model", ["cox", "pooled_logistic"])
@pytest.mark.parametrize("control", ["not_within_grace", "never"])
@pytest.mark.parametrize("contrast", ["survival_difference", "rmst_difference"])
def test_with_an_effect_clones_find_the_difference_between_the_strategies(make, contrast, control, model):
    options = {"contrast": contrast, "months": MONTH, "control": control, "weights": by(model)}
    found = repeat(lambda seed: world(make, 800, seed, ratio=0.5), clone_censor_weight, **options)
    right(found, truths(0.5, never=control == "never")[contrast])


def test_later_surgery_is_no_part_of_never(make):
    """The two control strategies are two estimands: each is far from the other's truth."""
    options = {"contrast": "rmst_difference", "months": MONTH, "control": "not_within_grace"}
    found = repeat(lambda seed: world(make, 800, seed, ratio=0.5), clone_censor_weight, **options)
    assert bias(found, truths(0.5, never=True)["rmst_difference"]) < -10


@pytest.mark.parametrize(("contrast", "sign"), [("hazard_ratio", -1), ("survival_difference", 1), ("rmst_difference", 1)])
def test_clones_break_where_selection_is_hidden(make, contrast, sign):
    """The covariate that drives both surgery and death is not measured; surgery looks good."""
    options = {"contrast": contrast, "months": MONTH}
    found = repeat(lambda seed: world(make, 300, seed, measured=False), clone_censor_weight, 500, **options)
    assert sign * bias(found, 0.0) > 10


def test_clones_break_where_a_response_is_known_too_late(make):
    """The covariate becomes known at month 6 only, when most operations have been decided on it."""
    def study(seed):
        return replace(world(make, 300, seed), known_from=np.array([6.0]))

    assert bias(repeat(study, clone_censor_weight, 500), 0.0) < -10


@pytest.mark.parametrize("contrast", ["hazard_ratio", "rmst_difference"])
def test_bootstrap_of_clones_covers(make, contrast):
    covers_as_drawn(repeat(lambda seed: world(make, 400, seed), clone_censor_weight, 1000, contrast=contrast, **DRAWN))


DRAWN = {"months": MONTH, "draws": 25}


def covers_as_drawn(found, truth=0.0):
    """An error from 25 draws is itself uncertain: with a normal quantile the interval covers as Student's t with 24 degrees."""
    from scipy.stats import t

    assert abs(bias(found, truth)) < 3
    expected = 1 - 2 * t.sf(1.959964, DRAWN["draws"] - 1)
    share = np.mean((found[2] <= truth) & (truth <= found[3]))
    assert abs(share - expected) < 4 * sqrt(expected * (1 - expected) / found.shape[1])


# ---- g_computation


def fixed(make, size, seed, *, ratio=0.6, measured=True, by_arm=False):
    """Exposure at time zero that healthier patients get more often; `by_arm`: it works in the first 10 months only."""
    rng = np.random.default_rng(seed)
    x, noise = rng.standard_normal((2, size))
    exposed = rng.random(size) < 1 / (1 + np.exp(0.3 + 0.8 * x))
    hazard, clock = DEATH * np.exp(0.6 * x), rng.standard_exponential(size)
    death = clock / np.where(exposed, ratio * hazard, hazard)
    if by_arm:
        early = 10.0 * ratio * hazard
        death = np.where(exposed & (clock > early), 10.0 + (clock - early) / hazard, death)
    lost = rng.uniform(20, 60, size)
    covariates = np.stack((x if measured else noise, noise), axis=1)
    return make(np.minimum(death, lost), death <= lost, exposed, covariates=covariates)


def standardised(ratio, *, target, by_arm=False):
    """Truths over everyone or over the exposed."""
    mass = MASS if target == "ate" else MASS / (1 + np.exp(0.3 + 0.8 * X))
    mass, t = mass / mass.sum(), np.linspace(0.0, MONTH, 4801)[:, None]
    hazard = DEATH * np.exp(0.6 * X)
    met = ratio * np.minimum(t, 10.0) + np.maximum(t - 10.0, 0.0) if by_arm else ratio * t
    difference = (np.exp(-hazard * met) - np.exp(-hazard * t)) @ mass
    return {"survival_difference": difference[-1], "rmst_difference": np.trapezoid(difference, t[:, 0])}


@pytest.mark.parametrize("baseline", ["shared", "by_arm"])
@pytest.mark.parametrize("target", ["ate", "att"])
@pytest.mark.parametrize("contrast", ["survival_difference", "rmst_difference"])
def test_g_computation_is_right_where_the_model_is(make, contrast, target, baseline):
    options = {"contrast": contrast, "months": MONTH, "target": target, "baseline": baseline}
    found = repeat(lambda seed: fixed(make, 400, seed), g_computation, **options)
    right(found, standardised(0.6, target=target)[contrast])


def test_baselines_by_arm_hold_an_effect_that_wanes(make):
    truth = standardised(0.3, target="ate", by_arm=True)

    def study(seed):
        return fixed(make, 400, seed, ratio=0.3, by_arm=True)

    right(repeat(study, g_computation, baseline="by_arm", months=MONTH), truth["survival_difference"])
    options = {"contrast": "rmst_difference", "months": MONTH}
    right(repeat(study, g_computation, baseline="by_arm", **options), truth["rmst_difference"])
    assert bias(repeat(study, g_computation, 500, **options), truth["rmst_difference"]) < -10  # spread thin by one ratio


def test_bootstrap_of_g_computation_covers(make):
    found = repeat(lambda seed: fixed(make, 300, seed), g_computation, 1000, **DRAWN)
    covers_as_drawn(found, standardised(0.6, target="ate")["survival_difference"])


def test_g_computation_breaks_where_a_cause_is_hidden(make):
    found = repeat(lambda seed: fixed(make, 400, seed, ratio=1.0, measured=False), g_computation, 500, months=MONTH)
    assert bias(found, 0.0) > 10
    crude = repeat(lambda seed: fixed(make, 400, seed, ratio=1.0), kaplan_meier, 500, at=MONTH)
    assert bias(crude, 0.0) > 10


def test_g_computation_breaks_on_immortal_time(make):
    def study(seed):
        ever = world(make, 300, seed)
        return Observed(**{field.name: getattr(ever, field.name) for field in fields(Observed) if field.init})

    assert bias(repeat(study, g_computation, 300, months=MONTH), 0.0) > 10


def test_the_integrals_are_zero_without_effect():
    for never in (True, False):
        assert max(map(abs, truths(1.0, never=never).values())) < 1e-12
    assert truths(0.5, never=True)["rmst_difference"] > truths(0.5, never=False)["rmst_difference"] > 0
