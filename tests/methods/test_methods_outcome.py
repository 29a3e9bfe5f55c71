"""What is counted as an event, and hazards that are not proportional: by hand, against R, over many studies."""

from __future__ import annotations

import csv
from dataclasses import replace
from math import log, sqrt
from pathlib import Path

import numpy as np
import pytest

from biasim.answers import Status
from biasim.kernels.proportionality import proportionality, smoothed
from biasim.methods.cox import cox
from biasim.methods.cox_cause_specific import cox_cause_specific
from biasim.methods.fine_gray import fine_gray
from biasim.methods.log_rank_weighted import log_rank_weighted

REFERENCE = Path(__file__).parent.parent / "reference" / "outcome"
CAUSES = ("cancer", "other")
approx = pytest.approx


@pytest.fixture(scope="module")
def r() -> dict[tuple[str, ...], float]:
    """(case, data, cause, adjust, ties, name) -> value of R."""
    with (REFERENCE / "expected.csv").open(newline="") as file:
        return {(*row[:3], row[3] == "TRUE", *row[4:6]): float(row[6]) for row in list(csv.reader(file))[1:]}


@pytest.fixture(scope="module")
def patients(make):
    """The data that R was given."""

    def read(name: str):
        with (REFERENCE / f"{name}.csv").open(newline="") as file:
            columns = np.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]).T
        _, entry, time, cause, exposed, *x = columns
        made = make(time, cause > 0, exposed, covariates=np.column_stack(x), names=("x0", "x1"), entry=entry)
        return replace(made, cause=cause.astype(np.int8))

    return read


every_data = pytest.mark.parametrize("data", ["patients", "tied", "late"])


@every_data
@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("adjust", [False, True])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_deaths_by_cause_are_those_of_r(r, patients, data, cause, adjust, ties):
    observed, options = patients(data), {"cause": cause, "adjust": adjust, "ties": ties}
    plain = cox_cause_specific(observed, **options)
    sandwich = cox_cause_specific(observed, robust=True, **options)
    key = ("cause_specific", data, cause, adjust, ties)
    assert plain.estimate == sandwich.estimate == approx(r[*key, "coef"], abs=1e-9)
    assert plain.standard_error == approx(r[*key, "se"], rel=1e-9)
    assert sandwich.standard_error == approx(r[*key, "robust_se"], rel=1e-9)
    found, key = fine_gray(observed, **options), ("fine_gray", data, cause, adjust, ties)
    assert found.estimate == approx(r[*key, "coef"], abs=1e-9)
    assert found.standard_error == approx(r[*key, "se"], rel=1e-9)


@every_data
@pytest.mark.parametrize("exponents", [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 2.0)])
def test_weighted_log_rank_is_that_of_r(r, patients, data, exponents):
    found = log_rank_weighted(patients(data), rho=exponents[0], gamma=exponents[1])
    key = ("weighted", data, "", False, ";".join(f"{e:g}" for e in exponents))
    assert found.diagnostics["log_rank"] == approx(r[*key, "chisq"], rel=1e-9)
    assert found.estimate == approx(r[*key, "coef"], abs=1e-9)
    assert found.standard_error == approx(r[*key, "se"], rel=1e-9)
    assert found.diagnostics["one_step"] == approx(r[*key, "one_step"], rel=1e-9)
    ready = ("survdiff", data, "", False, key[-1], "chisq")
    assert ready not in r or found.diagnostics["log_rank"] == approx(r[ready], rel=1e-9)
    combo = ("max_combo", data, "", False, "")
    assert found.diagnostics["max_combo"] == approx(r[*combo, "z"], rel=1e-9)
    assert found.diagnostics["max_combo_p"] == approx(r[*combo, "p"], abs=0.0015)  # R's is a mean of two million draws


@every_data
@pytest.mark.parametrize("transform", ["km", "identity", "rank", "log"])
@pytest.mark.parametrize("adjust", [False, True])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_proportional_hazards_are_tested_as_in_r(r, patients, data, transform, adjust, ties):
    observed = patients(data)
    plain, found = cox(observed, adjust=adjust, ties=ties), cox(observed, adjust=adjust, ties=ties, proportionality=transform)
    assert (found.estimate, found.standard_error) == (plain.estimate, plain.standard_error)
    key = (f"zph_{transform}", data, "", adjust, ties)
    assert found.diagnostics["zph_chi2"] == approx(r[*key, "chi2"], rel=1e-8)
    assert found.diagnostics["zph_global_chi2"] == approx(r[*key, "global"], rel=1e-8)
    columns = np.column_stack((observed.covariates[:, : 2 * adjust], observed.exposed))
    entry = observed.entry if observed.entry.any() else None
    fit = proportionality(observed.time, observed.event, columns, entry=entry, transform=transform, ties=ties)
    key = (f"curve_{transform}", data, "", adjust, ties)
    moment, value, error = ([r[*key, f"{name}{i}"] for i in range(1, 10)] for name in ("x", "y", "se"))
    curve = smoothed(replace(fit, month=fit.moment), columns.shape[1] - 1, moment)  # R's points are on the scale of g
    assert curve[0] == approx(np.array(value), abs=1e-9)
    assert curve[1] == approx(np.array(error), rel=1e-8)


def test_strata_are_tested_apart(patients):
    """Two strata that share no death time: scores and informations add up; R does the same."""
    observed = patients("patients")
    groups = (observed.covariates[:, 0] > 0).astype(float)
    divided = replace(observed, names=("g",), covariates=groups[:, None])
    found = cox(divided, strata=("g",), proportionality="identity").diagnostics
    fit = cox(divided, strata=("g",))
    when = observed.time[observed.event]
    score = information = mixed = own = 0.0
    for month in when:
        at_risk = (observed.time >= month) & (groups == groups[observed.time == month][0])
        share = np.exp(fit.estimate * observed.exposed[at_risk])
        mean = (share * observed.exposed[at_risk]).sum() / share.sum()
        g, spread = month - when.mean(), mean * (1 - mean)
        score += g * (observed.exposed[observed.time == month][0] - mean)
        information, mixed, own = information + spread, mixed + g * spread, own + g * g * spread
    assert found["zph_chi2"] == approx(score**2 / (own - mixed**2 / information), rel=1e-8)
    assert found["zph_slope"] == approx(score / (own - mixed**2 / information), rel=1e-8)


def world(size, seed, *, cancer=1.0, other=1.0, hidden=0.0, share=0.02):
    """Exposure by chance (unless a hidden fitness drives it), constant hazards of two causes, loss between 20 and 80 months."""
    from biasim.types import Observed

    rng = np.random.default_rng(seed)
    fitness = rng.standard_normal(size)
    exposed = rng.random(size) < 1 / (1 + np.exp(-hidden * fitness))
    first = rng.standard_exponential(size) / (0.025 * cancer**exposed)
    second = rng.standard_exponential(size) / (share * other**exposed * np.exp(-hidden * fitness))
    lost = rng.uniform(20.0, 80.0, size)
    time = np.minimum(np.minimum(first, second), lost)
    cause = np.where(time == lost, 0, np.where(first < second, 1, 2)).astype(np.int8)
    return Observed(
        names=("fitness",), covariates=fitness[:, None], exposed=exposed, entry=np.zeros(size), time=time, event=cause > 0,
        patient=np.arange(size), cause=cause,
    )  # fmt: skip


@pytest.mark.parametrize("method", [cox_cause_specific, fine_gray])
def test_causes_that_are_not_recorded_or_do_not_occur_are_a_status(method):
    observed = world(80, 1)
    unknown = method(replace(observed, cause=None))
    assert unknown.status is Status.MISSING_VALUES
    assert "cause of death" in unknown.message
    cancer_only = replace(observed, cause=observed.event.astype(np.int8))
    assert method(cancer_only, cause="other").status is Status.NO_EVENTS
    assert "other causes" in method(cancer_only, cause="other").message
    one_arm = replace(observed, cause=np.where(observed.exposed, 2 * (observed.cause > 0), observed.cause).astype(np.int8))
    assert method(one_arm).status is Status.SEPARATION
    assert method(observed).diagnostics["events_of_cause"] == (observed.cause == 1).sum()
    unsaid = replace(observed, cause=np.where(observed.cause == 2, 0, observed.cause).astype(np.int8))
    assert method(unsaid).estimate == method(observed).estimate  # a death of unknown cause is one of another


@pytest.mark.parametrize("method", [cox_cause_specific, fine_gray])
def test_exposure_that_a_covariate_determines_is_said(method):
    observed = world(80, 1)
    found = method(replace(observed, covariates=1.0 - observed.exposed[:, None]), adjust=True)
    assert (found.status, found.message) == (Status.SINGULAR, "exposure is a linear combination of the covariates")


@pytest.mark.parametrize("adjust", [False, True])
def test_without_other_deaths_both_are_cox(adjust):
    observed = world(150, 2)
    alone = replace(observed, cause=observed.event.astype(np.int8))
    plain = cox(alone, adjust=adjust, robust=True)
    for found in (cox_cause_specific(alone, adjust=adjust, robust=True), fine_gray(alone, adjust=adjust)):
        assert found.estimate == approx(plain.estimate, abs=1e-9)
        assert found.standard_error == approx(plain.standard_error, rel=1e-8)


@pytest.mark.parametrize("method", [cox_cause_specific, fine_gray, log_rank_weighted])
def test_relabelling_exposure_turns_the_sign(method):
    observed = world(150, 3, cancer=0.6)
    one, two = method(observed), method(replace(observed, exposed=~observed.exposed))
    assert (two.estimate, two.standard_error) == (approx(-one.estimate, abs=1e-9), approx(one.standard_error, rel=1e-8))


@pytest.mark.parametrize("method", [cox_cause_specific, fine_gray])
def test_the_other_cause_is_the_cause_with_the_labels_exchanged(method):
    observed = world(150, 4, cancer=0.6)
    exchanged = replace(observed, cause=np.array([0, 2, 1], dtype=np.int8)[observed.cause])
    assert method(observed, cause="other").estimate == method(exchanged, cause="cancer").estimate


REPLICATES = 2000
BIAS, COVERAGE, BROKEN = 3.0, 4.0, 10.0  # Monte Carlo standard errors


def repeated(make, *methods, replicates=REPLICATES, size=300, seed=0):
    """Estimate, low, high by method and replicate, (methods, 3, replicates); all end well."""
    found = np.empty((len(methods), 3, replicates))
    for replicate in range(replicates):
        observed = make(size, 100_000 * seed + replicate)
        for method, row in zip(methods, found, strict=True):
            answer = method(observed)
            assert answer.status is Status.OK, answer.message
            row[:, replicate] = answer.estimate, answer.low, answer.high
    return found


def off(estimate, truth=0.0):
    """Bias in Monte Carlo standard errors."""
    return (estimate.mean() - truth) / (estimate.std(ddof=1) / sqrt(len(estimate)))


def right(found, truth):
    """No bias, and intervals that hold the truth 95 times in 100."""
    estimate, low, high = found
    covered = np.mean((low <= truth) & (truth <= high))
    print(f"bias {off(estimate, truth):.2f} MCSE, coverage {100 * covered:.1f} %")
    assert abs(off(estimate, truth)) < BIAS
    assert abs(covered - 0.95) < COVERAGE * sqrt(0.95 * 0.05 / len(estimate))


def of(method, **options):
    return lambda observed: method(observed, **options)


@pytest.mark.long
def test_no_effect_is_found_in_neither_cause_by_either_method():
    methods = [of(method, cause=cause) for method in (cox_cause_specific, fine_gray) for cause in CAUSES]
    for found in repeated(world, *methods, seed=1):
        right(found, 0.0)


@pytest.mark.long
def test_an_effect_on_the_cancer_alone():
    """Cause-specific ratios are the world's; the subdistribution ratio is drawn to 1, and other deaths seem to be caused."""
    def make(size, seed):
        return world(size, seed, cancer=0.6)

    cancer, other, share, others = repeated(
        make, *(of(method, cause=cause) for method in (cox_cause_specific, fine_gray) for cause in CAUSES), seed=2, size=400
    )
    right(cancer, log(0.6))
    right(other, 0.0)
    print(f"Fine-Gray cancer {off(share[0], log(0.6)):.1f}, other {off(others[0]):.1f} MCSE")
    assert off(share[0], log(0.6)) > BROKEN
    assert off(others[0]) > BROKEN


@pytest.mark.long
def test_sparing_other_deaths_seems_to_cause_death_from_the_cancer():
    def make(size, seed):
        return world(size, seed, other=0.5)

    specific, share = repeated(make, cox_cause_specific, fine_gray, seed=3)
    right(specific, 0.0)
    print(f"Fine-Gray {off(share[0]):.1f} MCSE")
    assert off(share[0]) > BROKEN


@pytest.mark.long
def test_unmeasured_fitness_shows_as_prevention_of_other_deaths():
    def make(size, seed):
        return world(size, seed, hidden=0.7)

    crude, adjusted = repeated(make, of(cox_cause_specific, cause="other"), of(cox_cause_specific, cause="other", adjust=True),
                               seed=4, size=400)  # fmt: skip
    print(f"crude {off(crude[0]):.1f} MCSE")
    assert off(crude[0]) < -BROKEN
    right(adjusted, 0.0)


def proportional_shares(size, seed, *, ratio=0.6, share=0.5):
    """Fine and Gray's own world: the share dead of the cause by t is 1 - (1 - p (1 - e^(-t/20)))^ratio."""
    rng = np.random.default_rng(seed)
    exposed = rng.random(size) < 0.5
    power = np.where(exposed, ratio, 1.0)
    ever = 1 - (1 - share) ** power
    draw, of_cause = rng.random(size), rng.random(size) < ever
    first = -20.0 * np.log1p(-(1 - (1 - draw * ever) ** (1 / power)) / share)
    second = rng.standard_exponential(size) * 25.0
    lost = rng.uniform(10.0, 80.0, size)
    death = np.where(of_cause, first, second)
    time = np.minimum(death, lost)
    cause = np.where(death > lost, 0, np.where(of_cause, 1, 2)).astype(np.int8)
    return replace(world(size, seed), exposed=exposed, time=time, event=cause > 0, cause=cause)


@pytest.mark.long
def test_proportional_subdistribution_hazards():
    (found,) = repeated(proportional_shares, fine_gray, seed=5, size=400)
    right(found, log(0.6))


def crossing(size, seed, *, early=1.0, late=1.0, change=15.0):
    """Hazards 0.03 by chance exposed or not, times `early` for the exposed until `change`, times `late` from then on."""
    rng = np.random.default_rng(seed)
    exposed, clock = rng.random(size) < 0.5, rng.standard_exponential(size) / 0.03
    soon, then = np.where(exposed, early, 1.0), np.where(exposed, late, 1.0)
    death = np.where(clock < soon * change, clock / soon, change + (clock - soon * change) / then)
    lost = rng.uniform(30.0, 80.0, size)
    cause = (death <= lost).astype(np.int8)
    return replace(world(size, seed), exposed=exposed, time=np.minimum(death, lost), event=cause > 0, cause=cause)


WEIGHTS = [of(log_rank_weighted, rho=rho, gamma=gamma) for rho, gamma in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))]


@pytest.mark.long
@pytest.mark.parametrize("ratio", [1.0, 0.6])
def test_the_weights_do_not_matter_where_hazards_are_proportional(ratio):
    def make(size, seed):
        return crossing(size, seed, early=ratio, late=ratio)

    for found in repeated(make, *WEIGHTS, seed=6, size=400):
        right(found, log(ratio))


@pytest.mark.long
def test_a_late_effect_is_seen_late():
    def make(size, seed):
        return crossing(size, seed, late=0.4)

    plain, early, late, _ = repeated(make, *WEIGHTS, seed=7)
    print(f"early {off(early[0] - plain[0]):.1f}, late {off(late[0] - plain[0]):.1f} MCSE from the unweighted")
    assert off(early[0] - plain[0]) > BROKEN
    assert off(late[0] - plain[0]) < -BROKEN


@pytest.mark.long
def test_max_combo_holds_its_level_and_finds_what_the_log_rank_test_misses():
    def declared(seed, **hazards):
        studies = (crossing(200, 100_000 * seed + k, **hazards) for k in range(REPLICATES))
        found = [log_rank_weighted(observed, gamma=0.0).diagnostics for observed in studies]
        return [np.mean([d[name] < 0.05 for d in found]) for name in ("max_combo_p", "log_rank_p")]

    combo, plain = declared(8)
    print(f"level: max-combo {combo:.4f}, log-rank {plain:.4f}")
    assert abs(combo - 0.05) < COVERAGE * sqrt(0.05 * 0.95 / REPLICATES)
    assert abs(plain - 0.05) < COVERAGE * sqrt(0.05 * 0.95 / REPLICATES)
    combo, plain = declared(9, early=1.5, late=0.4)
    print(f"power where hazards cross: max-combo {combo:.4f}, log-rank {plain:.4f}")
    assert combo - plain > BROKEN * sqrt(0.5 / REPLICATES)


@pytest.mark.long
def test_immortal_time_is_an_early_benefit_that_fades(simulated):
    """Weights on late deaths hide part of it and remove none; the test of proportional hazards sees its slope."""
    def make(size, seed):
        ever = simulated(size, seed, confounding=0.0, over_time=True)
        return replace(world(size, seed), exposed=ever.exposed, time=ever.time, event=ever.event, cause=None)

    plain, _, late, _ = repeated(make, *WEIGHTS, seed=10)
    assert off(late[0]) < -BROKEN
    assert off(late[0] - plain[0]) > BROKEN
    slope = [cox(make(300, k), proportionality="km").diagnostics["zph_slope"] for k in range(300)]
    print(f"late {off(late[0]):.1f}, late less plain {off(late[0] - plain[0]):.1f}, slope {off(np.array(slope)):.1f} MCSE")
    assert off(np.array(slope)) > BROKEN


@pytest.mark.long
@pytest.mark.parametrize("transform", ["km", "identity"])
def test_proportional_hazards_are_refused_five_times_in_a_hundred_and_the_band_holds(transform):
    month, p, held = np.array([5.0, 15.0, 30.0]), [], []
    for k in range(REPLICATES):
        observed = crossing(300, 1_100_000 + k, early=0.6, late=0.6)
        found = proportionality(observed.time, observed.event, observed.exposed[:, None].astype(float), transform=transform)
        value, error = smoothed(found, 0, month)
        p.append(found.p[0])
        held.append(np.abs(value - log(0.6)) < 1.96 * error)
    print(f"level {np.mean(np.array(p) < 0.05):.4f}, band {np.mean(held, axis=0)}")
    assert abs(np.mean(np.array(p) < 0.05) - 0.05) < COVERAGE * sqrt(0.05 * 0.95 / REPLICATES)
    assert (np.abs(np.mean(held, axis=0) - 0.95) < COVERAGE * sqrt(0.95 * 0.05 / REPLICATES)).all()


def two_causes_seen(size, seed, *, hidden_odds_ratio):
    """The package's world of two causes, prognosis bearing on both; exposed is who was meant for surgery, which does nothing."""
    from functools import partial

    from biasim.cohort.generate import generate
    from biasim.design.observe import observe
    from biasim.registry import find

    def part(room, name, **parameters):
        return partial(find(room, name), **parameters)

    cohort = generate({
        "patients": part("patients", "two_scores", recorded_log_ratio=0.5, hidden_log_ratio=0.5),
        "course": part("course", "none"),
        "treatment": part("treatment", "by_prognosis", hidden_odds_ratio=hidden_odds_ratio),
        "effect": part("effect", "none"),
        "survival": part("survival", "two_causes", other_ratio=0.8),
        "staging": part("staging", "known_at_diagnosis"),
        "censoring": part("censoring", "exponential"),
        "care": part("care", "none"),
        "local": part("local", "none"),
    }, size, lambda stage: np.random.default_rng([seed, *stage.encode()]))  # fmt: skip
    view = {"eligibility": (), "time_zero": find("time_zero", "diagnosis"), "exposure": find("exposure", "intended"),
            "measurement": find("measurement", "everything"), "follow_up": part("follow_up", "months", months=60.0),
            "recording": (), "outcome": part("outcome", "death")}  # fmt: skip
    return observe(cohort, view, lambda stage: np.random.default_rng([seed, *stage.encode()]))


CRUDE = [of(method, cause=cause) for method in (cox_cause_specific, fine_gray) for cause in CAUSES]


@pytest.mark.long
def test_the_world_of_two_causes_without_effect():
    for found in repeated(lambda size, seed: two_causes_seen(size, seed, hidden_odds_ratio=1.0), *CRUDE, seed=12):
        right(found, 0.0)


@pytest.mark.long
def test_the_world_of_two_causes_with_a_hidden_choice():
    """Who has the better outlook is operated: surgery seems to prevent deaths that it cannot, which tells of confounding."""
    def make(size, seed):
        return two_causes_seen(size, seed, hidden_odds_ratio=0.4)

    found = [off(one[0]) for one in repeated(make, *CRUDE, seed=13)]
    print("cause-specific cancer, other; Fine-Gray cancer, other:", " ".join(f"{one:.1f}" for one in found), "MCSE")
    assert max(found) < -BROKEN
