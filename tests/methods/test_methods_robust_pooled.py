"""meta_analysis: how patients are dealt, what is pooled, and that agreement between studies says nothing about bias."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.methods._studies import ANALYSES, dealt, sizes
from biasim.methods.cox import cox
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_weighted import cox_weighted
from biasim.methods.meta_analysis import meta_analysis

MODELS = ["fixed", "dersimonian_laird", "paule_mandel", "reml", "hartung_knapp"]


def numbers(estimate):
    assert estimate.status is Status.OK, estimate.message
    return np.array([estimate.estimate, estimate.standard_error, estimate.low, estimate.high])


# By hand and by what must not matter


def test_sizes_grow_geometrically():
    assert sizes(700, 3, 4.0).tolist() == [100, 200, 400]
    assert sizes(12, 4, 1.0).tolist() == [3, 3, 3, 3]
    assert sizes(5, 12, 10.0).sum() == 5
    assert sizes(0, 3, 2.0).tolist() == [0, 0, 0]
    assert sizes(9, 1, 7.0).tolist() == [9]


def test_everybody_is_in_one_study(simulated):
    observed = simulated(700, 1)
    studies = dealt(observed, 3, 4.0)
    assert [study.size for study in studies] == [100, 200, 400]
    assert sorted(np.concatenate([study.patient for study in studies])) == sorted(observed.patient)
    share = [study.exposed.mean() for study in studies]
    assert max(share) - min(share) < 0.2  # nothing is dealt by exposure


@pytest.mark.parametrize("whole", [False, True], ids=["continuous", "whole months"])
def test_who_is_dealt_where_depends_on_the_data_alone(simulated, whole):
    observed = simulated(300, 2)
    observed = replace(observed, time=np.ceil(observed.time)) if whole else observed
    order = np.random.default_rng(1).permutation(300)
    other = type(observed)(
        names=observed.names, covariates=observed.covariates[order], exposed=observed.exposed[order], entry=observed.entry[order],
        time=observed.time[order], event=observed.event[order], patient=5000 - observed.patient[order],
    )  # fmt: skip
    for one, another in zip(dealt(observed, 5, 6.0), dealt(other, 5, 6.0), strict=True):
        assert set(one.covariates[:, 0]) == set(another.covariates[:, 0])


def test_rows_of_one_patient_stay_together(simulated):
    observed = replace(simulated(300, 3), patient=np.arange(300) // 2)
    for study in dealt(observed, 5, 3.0):
        assert (np.unique(study.patient, return_counts=True)[1] == 2).all()


@pytest.mark.parametrize("of", list(ANALYSES))
def test_a_literature_of_one_study_is_that_study(simulated, of):
    observed = simulated(300, 4)
    method = {"weighted": cox_weighted, "matched": cox_matched}.get(of, cox)
    alone = method(observed, **({"adjust": True} if of == "adjusted" else {}))
    for model in MODELS[:-1]:
        found = meta_analysis(observed, studies=1, of=of, model=model)
        assert numbers(found) == pytest.approx(numbers(alone), rel=1e-10)
        assert found.estimand == alone.estimand
    assert meta_analysis(observed, studies=1, of=of, model="hartung_knapp").status is Status.SINGULAR


def test_pooled_by_inverse_variance(simulated):
    """Fixed effect and DerSimonian-Laird written out; each study by lifelines."""
    import pandas as pd
    from lifelines import CoxPHFitter

    observed = simulated(900, 5, log_ratio=-0.5)
    rows = []
    for study in dealt(observed, 6, 5.0):
        columns = [f"x{k}" for k in range(3)]
        table = pd.DataFrame(study.covariates, columns=columns).assign(z=study.exposed * 1.0, t=study.time, d=study.event)
        fit = CoxPHFitter().fit(table, "t", "d", fit_options={"precision": 1e-10})
        rows.append((fit.params_["z"], fit.standard_errors_["z"]))
    y, s = np.array(rows).T
    w = 1 / s**2
    mean = w @ y / w.sum()
    q = w @ (y - mean) ** 2
    tau2 = max(0.0, (q - 5) / (w.sum() - w @ w / w.sum()))
    fixed = meta_analysis(observed, studies=6, spread=5.0, model="fixed")
    assert numbers(fixed)[:2] == pytest.approx([mean, 1 / sqrt(w.sum())], rel=1e-5)
    assert fixed.diagnostics["q"] == pytest.approx(q, rel=1e-5)
    assert fixed.diagnostics["studies_used"] == 6
    w = 1 / (s**2 + tau2)
    random = meta_analysis(observed, studies=6, spread=5.0, model="dersimonian_laird")
    assert numbers(random)[:2] == pytest.approx([w @ y / w.sum(), 1 / sqrt(w.sum())], rel=1e-5)
    assert random.diagnostics["tau2"] == pytest.approx(tau2, rel=1e-4, abs=1e-9)
    scaled = meta_analysis(observed, studies=6, spread=5.0, model="hartung_knapp")
    assert (scaled.high - scaled.estimate) / scaled.standard_error == pytest.approx(2.570581835636314)  # t, 5 degrees of freedom


@pytest.mark.parametrize("model", MODELS)
def test_relabelling_exposure_flips_the_sign(simulated, model):
    observed = simulated(600, 6)
    first = meta_analysis(observed, studies=4, spread=2.0, model=model)
    second = meta_analysis(replace(observed, exposed=~observed.exposed), studies=4, spread=2.0, model=model)
    # dealt by the data: exposure tells no two patients apart who have times of their own
    assert numbers(second) == pytest.approx(-numbers(first)[[0, 1, 3, 2]] * [1, -1, 1, 1], rel=1e-6)


def test_studies_without_an_estimate_are_counted(make, simulated):
    found = meta_analysis(simulated(240, 7), studies=20)
    assert found.diagnostics["studies"] == 20
    assert 0 < found.diagnostics["studies_used"] < 20
    every = make(np.arange(1.0, 41), np.ones(40), np.arange(40) % 2)
    nothing = meta_analysis(every, studies=40, of="crude")
    assert nothing.status is not Status.OK
    assert nothing.message.startswith("no study has an estimate")


# Monte Carlo


def repeat(make, replicates, seed, **parameters):
    found = [meta_analysis(make(1200, 10_000 * seed + r), studies=6, spread=4.0, **parameters) for r in range(replicates)]
    value, _, low, high = np.array([numbers(estimate) for estimate in found]).T
    covered = np.mean((low <= 0.0) & (high >= 0.0))
    bias = value.mean() / (value.std(ddof=1) / sqrt(replicates))
    return bias, (covered - 0.95) / sqrt(0.95 * 0.05 / replicates), found


@pytest.mark.long
@pytest.mark.parametrize("model", MODELS)
def test_honest_studies_pool_to_the_truth(simulated, model):
    """No effect, the confounder adjusted for. Random effects where there are none: intervals somewhat wide, but for the t."""
    bias, coverage, _ = repeat(simulated, 2000, 1, model=model)
    assert abs(bias) < 3.0
    assert -4.0 < coverage < (4.0 if model in ("fixed", "hartung_knapp") else 8.0)


@pytest.mark.long
def test_studies_that_share_a_bias_agree_on_it(simulated):
    """No effect, the confounder left out: a narrow wrong answer, with nothing in the tables of a review to warn of it."""
    bias, coverage, found = repeat(simulated, 1000, 2, of="crude", model="reml")
    assert bias > 10.0
    assert coverage < -100.0
    told = [estimate.diagnostics for estimate in found]
    for name in ("q_p", "egger_p"):
        assert abs(np.mean([one[name] < 0.05 for one in told]) - 0.05) < 4 * sqrt(0.05 * 0.95 / 1000)
    assert np.median([one["i2"] for one in told]) < 0.1
