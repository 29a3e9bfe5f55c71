"""Analyses of randomised trials: by hand, where one reduces to another, and against R (tests/reference/trials)."""

from dataclasses import replace

import numpy as np
import pytest

from biasim.answers import Status
from biasim.kernels.group_sequential import boundaries
from biasim.methods._crossover_weights import controls, surgery
from biasim.methods._rank_preserving import ends_of_observation, unoperated
from biasim.methods._trial import left_arm
from biasim.methods.cox import cox
from biasim.methods.cox_time_dependent import cox_time_dependent
from biasim.methods.trial_as_treated import trial_as_treated
from biasim.methods.trial_crossover_censored import trial_crossover_censored
from biasim.methods.trial_intention_to_treat import trial_intention_to_treat
from biasim.methods.trial_interim import on, trial_interim
from biasim.methods.trial_per_protocol import trial_per_protocol
from biasim.methods.trial_rank_preserving import trial_rank_preserving
from biasim.types import Observed, ObservedOverTime, ObservedTrial

approx, inf = pytest.approx, np.inf


def trial(time, event, assigned, exposed_from, *, covariates=None, started=None, names=None, known_from=None, entry=None):
    size = len(time)
    values = np.empty((size, 0)) if covariates is None else np.asarray(covariates, dtype=float).reshape(size, -1)
    time, exposed_from = np.asarray(time, dtype=float), np.asarray(exposed_from, dtype=float)
    return ObservedTrial(
        names=names or tuple(f"x{k}" for k in range(values.shape[1])), covariates=values, exposed=exposed_from < time,
        entry=np.zeros(size) if entry is None else np.asarray(entry, dtype=float), time=time, event=np.asarray(event, bool),
        patient=np.arange(size), exposed_from=exposed_from, assigned=np.asarray(assigned, bool), known_from=known_from,
        started=None if started is None else np.asarray(started, dtype=float),
    )  # fmt: skip


@pytest.fixture(scope="module")
def patients(read):
    d = read("trials/patients.csv")
    names = ("x", "stage", "response", "rare")
    return trial(
        d["time"], d["event"], d["assigned"], d["exposed_from"], covariates=np.column_stack([d[name] for name in names]),
        names=names, started=d["started"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def known(read):
    d = read("trials/expected.csv")
    return dict(zip(d["case"], zip(d["estimate"].tolist(), d["standard_error"].tolist(), strict=True), strict=True))


def without_crossover(observed):
    """Everybody keeps to her arm, from the first day on."""
    start = np.where(observed.assigned, 0.0, inf)
    return replace(observed, exposed_from=start, exposed=observed.assigned)


def plain(observed, kind=Observed, **changed):
    fields = ("names", "covariates", "exposed", "entry", "time", "event", "patient")
    return kind(**{name: getattr(observed, name) for name in fields} | changed)


def same(first, second, *, rel=1e-12):
    assert first.status is second.status is Status.OK
    assert (first.estimate, first.standard_error) == approx((second.estimate, second.standard_error), rel=rel)


CASES = {
    "intention": (trial_intention_to_treat, {}),
    "intention_adjusted_breslow": (trial_intention_to_treat, {"adjust": ("x", "stage"), "ties": "breslow"}),
    "intention_robust": (trial_intention_to_treat, {"robust": True}),
    "protocol_left_out": (trial_per_protocol, {"window": 6.0}),
    "protocol_left_out_adjusted": (trial_per_protocol, {"window": 6.0, "adjust": ("x",)}),
    "protocol_censored": (trial_per_protocol, {"window": 6.0, "deviations": "censored"}),
    "treated_ever": (trial_as_treated, {}),
    "treated_over_time": (trial_as_treated, {"operation": "over_time"}),
    "treated_over_time_adjusted": (trial_as_treated, {"operation": "over_time", "adjust": ("x", "stage")}),
    "weighted": (trial_crossover_censored, {"using": ("x", "stage"), "steps": 1000}),
    "weighted_plain": (trial_crossover_censored, {"using": ("x", "stage"), "steps": 1000, "weights": "plain"}),
    "weighted_steps": (trial_crossover_censored, {"using": ("x", "stage"), "steps": 5}),
    "weighted_later": (trial_crossover_censored, {"using": ("x", "response"), "steps": 1000}),
    "weighted_truncated": (
        trial_crossover_censored, {"using": ("x", "stage"), "steps": 1000, "weights": "plain", "truncate": 0.9}
    ),
    "weighted_separated": (trial_crossover_censored, {"using": ("x", "rare"), "steps": 1000}),
    "weighted_none": (trial_crossover_censored, {"weights": "none"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_as_in_r(patients, known, case):
    method, parameters = CASES[case]
    if method is trial_crossover_censored:
        parameters = {"window": 6.0, **parameters}
    observed = replace(patients, known_from=np.array([0.0, 0.0, 3.0, 0.0])) if case == "weighted_later" else patients
    found = method(observed, **parameters)
    assert found.status is Status.OK
    assert (found.estimate, found.standard_error) == approx(known[case], rel=1e-8)


@pytest.mark.parametrize(("case", "recensor"), [("preserving", True), ("preserving_not_recensored", False)])
def test_rank_preserving_as_in_r(patients, known, case, recensor):
    """The test is a step function of psi: programs agree on it to the tolerance of the search, 1e-5."""
    found = trial_rank_preserving(patients, recensor=recensor)
    told = found.diagnostics
    assert (told["psi"], told["z"]) == approx(known[f"{case}_psi_and_z"], abs=2e-5)
    assert (told["psi_low"], told["psi_high"]) == approx(known[f"{case}_limits"], abs=2e-3)
    assert (found.estimate, found.standard_error) == approx(known[case], abs=1e-4)
    assert told["acceleration"] == np.exp(-told["psi"])


@pytest.mark.parametrize("look", [1, 2, 3])
def test_looks_as_in_r(patients, known, look):
    """The boundary is passed by first at the look whose z R finds beyond it."""
    z, deaths = known[f"look_{look}_of_4_z_and_deaths"]
    earlier = [-known[f"look_{k}_of_4_z_and_deaths"][0] for k in range(1, look)]
    for boundary in ("obrien_fleming", "pocock", "haybittle_peto", "lan_demets", "uncorrected"):
        found = trial_interim(patients, looks=4, boundary=boundary)
        limits = boundaries((0.25, 0.5, 0.75, 1.0), boundary)
        stops = -z >= limits[look - 1] and all(value < limit for value, limit in zip(earlier, limits, strict=False))
        assert (found.diagnostics["look"] == look) == stops
        if stops:
            assert (found.estimate, found.standard_error) == approx(known[f"look_{look}_of_4"], rel=1e-8)
            assert found.diagnostics["z"] == approx(z, rel=1e-9)
            assert found.diagnostics["fraction"] == deaths / patients.event.sum()
            assert found.diagnostics["stopped"] == 1.0


def test_some_look_stops(patients):
    stopped = {trial_interim(patients, looks=4, boundary=b).diagnostics["look"] for b in ("obrien_fleming", "pocock")}
    assert len(stopped) == 2
    assert min(stopped) < 4


@pytest.mark.parametrize("adjust", [False, True])
def test_intention_to_treat_is_cox_by_arm(patients, adjust):
    same(trial_intention_to_treat(patients, adjust=adjust), cox(plain(patients, exposed=patients.assigned), adjust=adjust))


def test_as_treated_is_cox_by_operation(patients):
    same(trial_as_treated(patients, adjust=True), cox(plain(patients), adjust=True))
    over = plain(patients, ObservedOverTime, exposed_from=patients.exposed_from)
    same(trial_as_treated(patients, operation="over_time"), cox_time_dependent(over))


@pytest.mark.parametrize(("method", "parameters"), [
    (trial_per_protocol, {}), (trial_per_protocol, {"deviations": "censored"}), (trial_as_treated, {}),
    (trial_as_treated, {"operation": "over_time"}), (trial_rank_preserving, {}), (trial_interim, {"looks": 1}),
])  # fmt: skip
def test_when_all_keep_to_their_arm_there_is_one_answer(patients, method, parameters):
    observed = without_crossover(patients)
    found, by_arm = method(observed, **parameters), trial_intention_to_treat(observed)
    assert found.estimate == approx(by_arm.estimate, rel=1e-12)
    if method is trial_rank_preserving:
        assert found.standard_error == approx(by_arm.standard_error, rel=0.02)  # Wald's against the score test's
    else:
        assert found.standard_error == approx(by_arm.standard_error, rel=1e-12)


def test_nobody_leaves_her_arm_and_nobody_is_weighted(patients):
    observed = without_crossover(patients)
    same(trial_crossover_censored(observed), trial_intention_to_treat(observed, robust=True))


def test_without_weights_it_is_per_protocol(patients):
    found = trial_crossover_censored(patients, weights="none", window=4.0)
    assert found.estimate == approx(trial_per_protocol(patients, deviations="censored", window=4.0).estimate, rel=1e-12)


def test_who_leaves_her_arm_and_when():
    observed = trial(
        time=[9, 9, 9, 3, 5, 9, 9], event=[1] * 7, assigned=[0, 0, 1, 1, 1, 1, 1],
        exposed_from=[inf, 2, 1, inf, inf, 8, inf],
    )  # fmt: skip
    assert left_arm(observed, 5.0).tolist() == [inf, 2, inf, inf, inf, 5, 5]
    found = trial_per_protocol(observed, window=5.0)
    assert (found.diagnostics["left_out"], found.diagnostics["size"]) == (5, 2)  # deaths while waiting are left out, too
    assert (found.diagnostics["crossed_over"], found.diagnostics["not_operated"]) == (1, 3)


def test_weights_of_the_surgery_arm_by_hand():
    """Of four at the end of the window with x = 0 three are operated, of two with x = 1 one; one died before."""
    observed = trial(
        time=[9, 9, 9, 9, 8, 8, 2], event=[1] * 7, assigned=[1] * 7, exposed_from=[1, 1, 2, inf, 3, inf, inf],
        covariates=[0, 0, 0, 0, 1, 1, 1],
    )  # fmt: skip
    kept = surgery(observed, 4.0, np.array([0]))
    assert kept.cuts.tolist() == [4.0]
    assert kept.given[:, 1] == approx([0.75] * 4 + [0.5] * 2 + [1.0])
    assert kept.overall == approx([1.0, 4 / 6])


def test_chances_of_the_control_arm_by_hand():
    """One covariate value, so no coefficient: of five at risk one leaves at 0, then two of four at 2 (Efron: 1/4 + 1/3)."""
    observed = trial(
        time=[9, 9, 9, 9, 9], event=[1] * 5, assigned=[0] * 5, exposed_from=[0, 2, 2, inf, inf],
        covariates=np.zeros((5, 1)),
    )  # fmt: skip
    kept = controls(observed, left_arm(observed, 4.0), np.array([], dtype=int), 20)
    assert kept.cuts.tolist() == [0.0, 2.0]
    hazard = np.cumsum([1 / 5, 1 / 4 + 1 / 3])
    assert kept.overall == approx(np.append(1.0, np.exp(-hazard)))
    assert kept.given[4] == approx(kept.overall)


def test_survival_without_the_operation_by_hand():
    """A month operated counts as half; ends at 10 months from diagnosis become 5 at the earliest."""
    observed = trial([8, 8, 4, 10, 6], [1, 1, 1, 0, 1], [1, 1, 0, 0, 0], [0, 6, inf, 2, 2])
    ends = ends_of_observation(observed)
    assert ends.tolist() == [10] * 5
    found = unoperated(observed, ends, float(np.log(0.5)))
    assert found.time == approx([4, 5, 4, 5, 4])
    assert found.event.tolist() == [True, False, True, False, True]
    kept = unoperated(observed, None, float(np.log(0.5)))
    assert kept.time == approx([4, 7, 4, 6, 4])
    longer = unoperated(observed, ends, float(np.log(2.0)))
    assert longer.time == approx([10, 10, 4, 10, 10])
    assert longer.event.tolist() == [False, True, True, False, True]


def test_an_arm_treated_alike_keeps_its_end():
    observed = trial([8, 10, 9, 10], [1, 0, 1, 0], [1, 1, 0, 0], [0, 0, inf, inf])
    found = unoperated(observed, ends_of_observation(observed), float(np.log(2.0)))
    assert found.time == approx([16, 20, 9, 10])
    assert found.event.tolist() == [True, False, True, False]


def test_ends_of_observation():
    """The calendar closes at 2010; who was lost before is known to be; with nobody censored there is no end."""
    started = np.array([2000.0, 2005.0, 2008.0, 2004.0])
    observed = trial([100, 60, 24, 30], [1, 0, 1, 0], [1, 1, 0, 0], [0, 0, inf, inf], started=started)
    assert ends_of_observation(observed) == approx([100, 60, 24, 30])
    assert ends_of_observation(replace(observed, time=np.array([90.0, 60, 20, 30]))) == approx([90, 60, 24, 30])
    assert np.isinf(ends_of_observation(replace(observed, event=np.ones(4, bool)))).all()


def test_rank_preserving_does_not_depend_on_the_unit_of_time(patients):
    years = replace(patients, started=None, time=patients.time / 12, exposed_from=patients.exposed_from / 12)
    first, second = trial_rank_preserving(replace(patients, started=None)), trial_rank_preserving(years)
    assert first.diagnostics["psi"] == approx(second.diagnostics["psi"], abs=1e-5)
    assert first.estimate == approx(second.estimate, abs=1e-5)


def test_turning_the_effect_round_turns_psi(patients):
    """Every month after the operation made longer by a factor moves psi by its logarithm; nobody is censored."""
    died = replace(patients, event=np.ones(patients.size, bool))
    start = np.where(died.exposed, died.exposed_from, died.time)
    stretched = replace(died, time=start + 1.5 * (died.time - start))
    first, second = trial_rank_preserving(died).diagnostics["psi"], trial_rank_preserving(stretched).diagnostics["psi"]
    assert first - second == approx(np.log(1.5), abs=3e-5)


def test_near_no_effect_the_error_stays_steady():
    """The operation does nothing: the estimate over its deviate is 0 over 0, and the error must not follow it."""
    ratios = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        time, arm, crosses = rng.exponential(25, 200), rng.random(200) < 0.5, rng.random(200) < 0.15
        done = np.where(arm, 0.0, np.where(crosses & (time > 5), 5.0, inf))
        observed = trial(np.minimum(time, 60), time < 60, arm, done)
        found, by_arm = trial_rank_preserving(observed), trial_intention_to_treat(observed)
        if abs(found.diagnostics["z"]) < 1.0:
            ratios.append(found.standard_error / by_arm.standard_error)
    assert len(ratios) > 20
    assert min(ratios) > 1.02
    assert max(ratios) < 1.5


def test_what_is_known_on_a_date():
    """In mid 2001: one died before, one dies later, one is randomised later, one is watched for 18 months."""
    observed = trial(
        [12, 24, 5, 40], [1, 1, 1, 0], [1, 0, 1, 0], [0, inf, 0, inf], started=[2000.0, 2000.5, 2001.6, 2000.0]
    )  # fmt: skip
    seen = on(replace(plain(observed), exposed=observed.assigned, started=observed.started), 2001.5)
    assert seen.time == approx([12, 12, 18])
    assert seen.event.tolist() == [True, False, False]


def test_the_only_look_is_the_last(patients):
    found = trial_interim(patients, looks=1)
    same(found, trial_intention_to_treat(patients))
    assert (found.diagnostics["look"], found.diagnostics["fraction"], found.diagnostics["stopped"]) == (1, 1, 0)


def test_harm_stops_only_when_asked(patients):
    turned = replace(without_crossover(patients), assigned=~patients.assigned)
    assert trial_interim(turned, boundary="pocock").diagnostics["stopped"] == 0
    assert trial_interim(turned, boundary="pocock", stop_for="either").diagnostics["stopped"] == 1


def test_relabelling_the_arms_turns_the_sign(patients):
    turned = replace(patients, assigned=~patients.assigned)
    assert trial_intention_to_treat(turned).estimate == approx(-trial_intention_to_treat(patients).estimate, rel=1e-9)


def test_no_calendar_no_interim_looks(patients):
    assert trial_interim(replace(patients, started=None)).status is Status.MISSING_VALUES


def test_covariates_that_tell_who_leaves_are_shrunken(patients):
    found = trial_crossover_censored(patients, window=6.0, using=("x", "rare")).diagnostics
    assert (found["shrunken_control"], found["shrunken_surgery"]) == (1, 1)
    found = trial_crossover_censored(patients, window=6.0, using=("x", "stage")).diagnostics
    assert (found["shrunken_control"], found["shrunken_surgery"]) == (0, 0)


def test_arms_treated_alike_can_be_compared_by_arm_but_not_by_what_was_done(patients):
    alike = replace(patients, exposed_from=np.full(patients.size, inf), exposed=np.zeros(patients.size, bool))
    assert trial_intention_to_treat(alike).estimate == trial_intention_to_treat(patients).estimate
    assert trial_as_treated(alike).status is Status.NOBODY_EXPOSED
    assert trial_rank_preserving(alike).status is Status.NOBODY_EXPOSED


def test_nothing_tells_who_leaves(patients):
    bare = replace(patients, covariates=np.ones((patients.size, 1)), names=("one",))
    assert trial_crossover_censored(bare).status is Status.NO_COVARIATES
    assert trial_crossover_censored(bare, weights="none").status is Status.OK


def test_no_factor_makes_the_arms_alike():
    """The surgery arm lives longer than any stretching of a few operated days could explain."""
    rng = np.random.default_rng(1)
    arm = np.arange(80) < 40
    time = np.where(arm, 50.0, 5.0) + rng.random(80)
    found = trial_rank_preserving(trial(time, np.ones(80), arm, np.where(arm, time - 0.1, inf)))
    assert found.status is Status.NOT_CONVERGED
