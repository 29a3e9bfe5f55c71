"""augmented_weighted: by hand, against R, in worlds where one model or the other is wrong."""

import csv
from dataclasses import replace
from math import exp, sqrt
from pathlib import Path

import numpy as np
import pytest

from biasim.answers import Status
from biasim.kernels import augmentation
from biasim.methods import _augmented
from biasim.methods.augmented_weighted import augmented_weighted
from biasim.methods.kaplan_meier import kaplan_meier
from biasim.methods.rmst import rmst

BOTH = [{"contrast": "survival_difference", "at": 18.0}, {"contrast": "rmst_difference", "horizon": 18.0}]
every_contrast = pytest.mark.parametrize("contrast", BOTH, ids=lambda value: value["contrast"])
NORMAL, WEIGHT = np.polynomial.hermite_e.hermegauss(60)


def numbers(estimate):
    assert estimate.status is Status.OK, estimate.message
    return np.array([estimate.estimate, estimate.standard_error])


# By hand and by what must not matter


def alike(make, *, lost, whole):
    """Each covariate value as often in either arm, so that the score says nothing; and a column of ones."""
    rng = np.random.default_rng(5)
    values = np.tile(rng.standard_normal(60), 2)
    exposed = np.repeat([True, False], 60)
    death, end = rng.exponential(30 * np.exp(values - exposed)), rng.uniform(2, 80, 120) if lost else np.full(120, np.inf)
    time = np.minimum(death, end)
    columns = np.stack([values, np.ones(120)], axis=1)
    return make(np.ceil(time) if whole else time, death <= end, exposed, covariates=columns, names=("x", "one"))


@every_contrast
@pytest.mark.parametrize("losses", ["kaplan_meier", "cox"])
@pytest.mark.parametrize(("lost", "outcome"), [(False, "x"), (False, "one"), (True, "one")])
def test_where_nothing_is_to_be_gained_it_is_kaplan_meier(make, contrast, losses, lost, outcome):
    """Nobody lost, or one model for all: the corrected mean is the product limit, to the last digits."""
    if lost and losses == "cox":
        return  # losses by exp(-Breslow), not by Kaplan and Meier's factors
    for whole in (False, True):
        observed = alike(make, lost=lost, whole=whole)
        plain = kaplan_meier(observed, at=18.0) if "at" in contrast else rmst(observed, horizon=18.0)
        found = augmented_weighted(observed, **contrast, losses=losses, using=("x",), outcome=(outcome,))
        assert found.estimate == pytest.approx(plain.estimate, abs=1e-10)
        assert found.estimand == plain.estimand
        if outcome == "one":  # Greenwood's error, but for the divisor n - 1
            assert found.standard_error == pytest.approx(plain.standard_error, rel=0.01)


@every_contrast
def test_without_losses_it_is_the_augmented_estimator_of_a_mean(make, contrast):
    """Expectation plus weighted residual of what was seen, with Cox curves by lifelines and a score by Newton's method."""
    import pandas as pd
    from lifelines import CoxPHFitter

    rng = np.random.default_rng(6)
    values = rng.standard_normal((90, 2))
    exposed = rng.random(90) < 1 / (1 + np.exp(-values[:, 0]))
    time = np.round(rng.exponential(25 * np.exp(-0.5 * values[:, 0])), 5) + 0.001
    observed = make(time, np.ones(90), exposed, covariates=values)
    design, beta = np.column_stack([np.ones(90), values]), np.zeros(3)
    for _ in range(30):  # Newton's method for the score
        score = 1 / (1 + np.exp(-design @ beta))
        beta = beta + np.linalg.solve(design.T * (score * (1 - score)) @ design, design.T @ (exposed - score))
    cut, parts = np.minimum(time, 18.0), []
    seen = (time > 18.0).astype(float) if "at" in contrast else cut
    for arm, chance in ((exposed, score), (~exposed, 1 - score)):
        table = pd.DataFrame({"a": values[arm, 0], "b": values[arm, 1], "time": cut[arm], "died": time[arm] <= 18.0})
        fit = CoxPHFitter().fit(table, "time", "died", fit_options={"precision": 1e-12})
        grid = np.append(np.unique(cut[arm & (time <= 18.0)]), 18.0)
        curves = fit.predict_survival_function(pd.DataFrame(values, columns=["a", "b"]), times=grid).to_numpy()
        hoped = curves[-1] if "at" in contrast else grid[0] + np.diff(grid) @ curves[:-1]
        parts.append(hoped + arm / chance * (seen - hoped))
    difference = parts[0] - parts[1]
    found = augmented_weighted(observed, **contrast)
    assert numbers(found) == pytest.approx([difference.mean(), difference.std(ddof=1) / sqrt(90)], rel=1e-5)


def test_eight_patients(make):
    """Nobody lost, one model for all, half exposed in either stratum: shares of the arms by hand."""
    values = np.stack([np.repeat([0.0, 1.0], 4), np.ones(8)], axis=1)
    observed = make([1, 2, 3, 4, 1, 2, 3, 4], np.ones(8), [1, 0, 1, 0, 0, 1, 1, 0], covariates=values, names=("x", "one"))
    found = augmented_weighted(observed, at=2.5, using=("x",), outcome=("one",))
    assert found.diagnostics["exposed_expected"] == pytest.approx(0.5, abs=1e-12)  # 3 and 3 of 1, 3, 2, 3
    assert found.diagnostics["unexposed_expected"] == pytest.approx(0.5, abs=1e-12)  # 4 and 4 of 2, 4, 1, 4
    assert found.diagnostics["exposed_largest_weight"] == pytest.approx(2.0)
    early = augmented_weighted(observed, at=1.5, using=("x",), outcome=("one",))
    assert early.diagnostics["exposed_expected"] == pytest.approx(0.75, abs=1e-12)


@every_contrast
@pytest.mark.parametrize("losses", ["kaplan_meier", "cox"])
def test_relabelling_exposure_flips_the_sign(simulated, contrast, losses):
    observed = simulated(300, 1)
    swapped = replace(observed, exposed=~observed.exposed)
    first, second = (numbers(augmented_weighted(data, **contrast, losses=losses)) for data in (observed, swapped))
    assert second == pytest.approx(first * [-1, 1], rel=1e-8)


@every_contrast
def test_what_happens_after_the_month_does_not_matter(simulated, contrast):
    observed = simulated(300, 2)
    later = observed.time > 18.0
    other = replace(observed, time=np.where(later, 18.5 + observed.time % 1, observed.time), event=observed.event ^ later)
    first, second = (numbers(augmented_weighted(data, **contrast, losses="cox")) for data in (observed, other))
    assert first == pytest.approx(second, rel=1e-12)


def test_months_in_another_unit(simulated):
    observed = simulated(300, 3)
    first = numbers(augmented_weighted(observed, contrast="rmst_difference", horizon=24.0))
    years = replace(observed, time=observed.time / 12)
    second = numbers(augmented_weighted(years, contrast="rmst_difference", horizon=2.0))
    assert second == pytest.approx(first / 12, rel=1e-8)


@every_contrast
@pytest.mark.parametrize("losses", ["kaplan_meier", "cox"])
def test_work_in_blocks_of_any_size(simulated, monkeypatch, contrast, losses):
    whole = numbers(augmented_weighted(simulated(300, 4), **contrast, losses=losses))
    monkeypatch.setattr(augmentation, "ROWS", 7)
    assert numbers(augmented_weighted(simulated(300, 4), **contrast, losses=losses)) == pytest.approx(whole, rel=1e-11)


@every_contrast
def test_a_coarser_model_changes_next_to_nothing(simulated, monkeypatch, contrast):
    """In shares of the standard error: a hundredth, where deaths are gathered at a hundred times."""
    coarse = numbers(augmented_weighted(simulated(3000, 5), **contrast))
    monkeypatch.setattr(_augmented, "MOST", 10**6)
    exact = numbers(augmented_weighted(simulated(3000, 5), **contrast))
    assert abs(coarse - exact).max() < 0.01 * exact[1]
    assert not np.array_equal(coarse, exact)


def test_delayed_entry_and_short_follow_up_are_refused(simulated):
    assert augmented_weighted(simulated(100, 6, late=True)).status is Status.BEYOND_FOLLOW_UP
    assert augmented_weighted(simulated(100, 6), at=200.0).status is Status.BEYOND_FOLLOW_UP


def test_an_arm_without_deaths_is_certain_of_its_survival(simulated):
    observed = simulated(200, 7)
    found = augmented_weighted(replace(observed, event=observed.event & ~observed.exposed), at=18.0)
    assert found.status is Status.OK
    assert found.diagnostics["exposed_expected"] == 1.0


# Against R


def reference(read, name, ties):
    found = read(f"robust/{name}.csv")
    values = np.stack([found[key] for key in ("x1", "x2", "x3")], axis=1)
    return found["month" if ties else "time"], found["event"], found["exposed"], values


def lines(program):
    with (Path(__file__).parents[1] / "reference" / "robust" / "augmented.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["program"] == program]


def ours(make, read, row, name):
    time, event, exposed, values = reference(read, name, row["ties"] == "TRUE")
    observed = make(time, event == 1, exposed == 1, covariates=values, names=("x1", "x2", "x3"))
    return augmented_weighted(
        observed, contrast="rmst_difference" if row["restricted"] == "TRUE" else "survival_difference",
        at=float(row["month"]), horizon=float(row["month"]), using=tuple(row["using"].split()),
        outcome=tuple(row["outcome"].split()), losses=row["losses"],
    )  # fmt: skip


@pytest.mark.parametrize("row", lines("written_out"), ids=lambda row: "-".join(list(row.values())[1:7]).replace(" ", ""))
def test_the_estimator_written_out_in_r(make, read, row):
    found = ours(make, read, row, "patients")
    assert found.estimate == pytest.approx(float(row["estimate"]), abs=1e-9)
    assert found.standard_error == pytest.approx(float(row["standard_error"]), abs=1e-9)
    assert found.diagnostics["exposed_expected"] == pytest.approx(float(row["exposed"]), abs=1e-9)
    assert found.diagnostics["unexposed_expected"] == pytest.approx(float(row["unexposed"]), abs=1e-9)


def test_risk_regression(make, read):
    """Another program, which takes exp(-Nelson-Aalen) for the losses: alike in all but a hundredth of the error."""
    right, wrong_score = lines("ate")
    for row, close in ((right, 0.01), (wrong_score, 0.06)):
        found, error = ours(make, read, row, "patients_600"), float(row["standard_error"])
        assert abs(found.estimate - float(row["estimate"])) < 0.01 * error
        assert abs(found.standard_error - error) < close * error  # its error knows that a wrong score was estimated


# Monte Carlo


class World:
    """Exponential survival with two normal causes, exposure by the first of them; truths by Gauss-Hermite quadrature.

    With `losses` the sick are lost among the exposed, the well among the others; `curve` bends the first cause's effect.
    """

    def __init__(self, *, losses=0.0, curve=0.0):
        self.losses, self.curve = losses, curve

    def rate(self, x1, x2, exposed):
        return 0.03 * np.exp(0.7 * x1 + self.curve * (x1**2 - 1) + 0.4 * x2 - 0.5 * exposed)

    def observed(self, make, size, seed):
        rng = np.random.default_rng(seed)
        x1, x2, noise = rng.standard_normal((3, size))
        exposed = rng.random(size) < 1 / (1 + np.exp(0.2 - 0.9 * x1))
        death = rng.standard_exponential(size) / self.rate(x1, x2, exposed)
        lost = np.minimum(rng.standard_exponential(size) / (0.015 * np.exp(self.losses * x1 * (2 * exposed - 1))), 60.0)
        values = np.stack([x1, x2, noise], axis=1)
        return make(np.minimum(death, lost), death <= lost, exposed, covariates=values, names=("x1", "x2", "noise"))

    def truth(self, contrast):
        x1, x2 = np.meshgrid(NORMAL, NORMAL)
        weight = np.outer(WEIGHT, WEIGHT) / (2 * np.pi)
        one, other = (self.rate(x1, x2, exposed) for exposed in (1.0, 0.0))
        if "at" in contrast:
            return float(np.sum(weight * (np.exp(-18 * one) - np.exp(-18 * other))))
        return float(np.sum(weight * ((1 - np.exp(-18 * one)) / one - (1 - np.exp(-18 * other)) / other)))


def repeat(make, world, contrast, replicates, *, size=400, seed=0, **parameters):
    """Bias in Monte Carlo standard errors, coverage less 95% in its own, and mean squared over empirical error."""
    found = []
    for replicate in range(replicates):
        estimate = augmented_weighted(world.observed(make, size, 10_000 * seed + replicate), **contrast, **parameters)
        found.append((*numbers(estimate), estimate.low, estimate.high))
    value, error, low, high = np.array(found).T
    truth, empirical = world.truth(contrast), value.std(ddof=1)
    covered = np.mean((low <= truth) & (truth <= high))
    bias = (value.mean() - truth) / (empirical / sqrt(replicates))
    return bias, (covered - 0.95) / sqrt(0.95 * 0.05 / replicates), sqrt(np.mean(error**2)) / empirical


RIGHT = [  # world, parameters, what the docstring says of the error: right, wide, or off by some 5 %
    pytest.param(World(), {}, "right", id="all models right"),
    pytest.param(World(), {"outcome": ("noise",)}, "wide", id="models of survival wrong"),
    pytest.param(World(), {"using": ("noise",)}, "near", id="score wrong"),
    pytest.param(World(losses=0.8), {"outcome": ("x1", "x2")}, "near", id="losses wrong, models of survival right"),
    pytest.param(World(losses=0.5, curve=0.2), {"losses": "cox"}, "near", id="models of survival wrong in form, losses right"),
]


@pytest.mark.long
@every_contrast
@pytest.mark.parametrize(("world", "parameters", "said"), RIGHT)
def test_one_right_model_suffices(make, contrast, world, parameters, said):
    bias, coverage, ratio = repeat(make, world, contrast, 2000, seed=1, **parameters)
    assert abs(bias) < 3.0
    if said == "right":
        assert abs(coverage) < 4.0
    elif said == "wide":
        assert ratio > 1.0
        assert 0.0 < coverage < 8.0
    else:
        assert abs(ratio - 1.0) < 0.08
        assert abs(coverage) < 6.0


@pytest.mark.long
@every_contrast
def test_two_wrong_models_are_one_too_many(make, contrast):
    """The exposed are the sicker ones: surgery that helps looks useless."""
    bias, coverage, _ = repeat(make, World(), contrast, 400, seed=2, using=("noise",), outcome=("noise",))
    assert bias < -10.0
    assert coverage < -4.0


@pytest.mark.long
@every_contrast
def test_losses_that_neither_model_knows(make, contrast):
    bias, *_ = repeat(make, World(losses=0.8), contrast, 1000, seed=3, outcome=("noise",))
    assert bias > 10.0  # the exposed seem to live longer


def test_the_truth_is_that_of_the_world():
    """A check of the quadrature: without covariates' effect the difference has a closed form."""
    world = World()
    world.rate = lambda x1, x2, exposed: 0.03 * np.exp(-0.5 * exposed) + 0 * x1
    wanted = exp(-18 * 0.03 * exp(-0.5)) - exp(-18 * 0.03)
    assert world.truth(BOTH[0]) == pytest.approx(wanted, rel=1e-10)
