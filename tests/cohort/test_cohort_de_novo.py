"""The calibrated world: its own numbers in standard errors, and the published figures it was tuned to."""

from itertools import pairwise

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.cohort.patients._draw import SITES, chance, level, site_sets
from biasim.engine.streams import Streams


@pytest.fixture(scope="module")
def groups(calibrated_world):
    return calibrated_world["patients"].keywords


@pytest.fixture(scope="module")
def registry(calibrated):
    """What the registry would hold: who counts as operated by the end of 2018, among those known to have stage IV."""
    end = np.minimum((2019.0 - calibrated.patients.diagnosed) * 12.0, calibrated.lost)
    operated = calibrated.operated & (calibrated.treatment.wait < end)
    return operated, ~(calibrated.patients.occult & ~operated)


def share(mask, truth):
    assert abs(np.mean(mask) - truth) < 4.0 * np.sqrt(truth * (1.0 - truth) / len(mask)), (np.mean(mask), truth)


def alive(cohort, months, among):
    return (cohort.death[among] > months).mean()


# ---------------------------------------------------------------- the draws


def test_levels_are_drawn_by_their_shares_of_each_row():
    uniform = np.array([0.0, 0.19, 0.21, 0.999, 0.0, 0.49, 0.51, 0.999])
    row = np.repeat([0, 1], 4)
    shares = np.array([[0.2, 0.3, 0.5], [0.0, 0.5, 0.5]])
    np.testing.assert_array_equal(level(uniform, shares, row), [0, 0, 1, 2, 1, 1, 2, 2])
    np.testing.assert_array_equal(level(uniform, np.array([1.0, 3.0])), [0, 0, 0, 1, 0, 1, 1, 1])


def test_two_sites_are_drawn_one_after_the_other():
    weights = np.array([6.0, 3.0, 1.0])
    np.testing.assert_allclose(chance((0, 1), weights), 0.6 * 3 / 4 + 0.3 * 6 / 7, rtol=1e-14)
    np.testing.assert_allclose(sum(chance(pair, weights) for pair in ((0, 1), (0, 2), (1, 2))), 1.0, rtol=1e-14)


def test_site_sets_hold_the_pattern_shares(groups):
    spread = groups["spread"]
    probability, pattern, members = site_sets(spread)
    probability = probability / probability.sum(axis=1, keepdims=True)
    weight = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    for k, name in enumerate(("bone_only", "lung_only", "liver_only", "brain_only", "other_only", "multiple")):
        weight[k] = getattr(spread.base, name) * getattr(spread.tilt.tnbc, name)
    found = [probability[3, pattern == k].sum() for k in range(6)]
    np.testing.assert_allclose(found, weight / weight.sum(), rtol=1e-12)
    assert (members.sum(axis=0)[pattern == 5] >= 2).all()
    assert not probability[4:, pattern == 5].any()
    assert len(SITES) == len(members)


def test_recorded_and_hidden_are_the_columns(calibrated):
    patients = calibrated.patients
    assert set(patients.recorded) | set(patients.hidden) == set(patients.columns)
    assert not set(patients.recorded) & set(patients.hidden)
    values = np.column_stack([*patients.columns.values(), np.ones(patients.size)])
    assert np.linalg.matrix_rank(values) == values.shape[1]


# ---------------------------------------------------------------- its own numbers


def test_shares_are_those_of_the_world_file(calibrated, groups):
    columns, seen = calibrated.patients.columns, ~calibrated.patients.occult
    for name in ("hr_pos_her2_pos", "hr_neg_her2_pos", "tnbc"):
        share(columns[name], getattr(groups["tumour"].subtype, name))
    for name in ("T2", "T3", "T4"):
        share(columns[name][seen], getattr(groups["tumour"].t_stage, name))
        share(columns[name][~seen], getattr(groups["occult"].t_stage, name))
    for name in ("N1", "N2", "N3"):
        share(columns[name][seen], getattr(groups["tumour"].n_stage, name))
        share(columns[name][~seen], getattr(groups["occult"].n_stage, name))
    for name in ("academic", "community", "integrated"):
        share(columns[name], getattr(groups["person"].facility, name))
    old = columns["age"] * 10.0 + groups["person"].age.reference >= 65.0
    for name in ("medicare", "medicaid", "uninsured"):
        share(columns[name][old], getattr(groups["person"].insurance.over65, name))
        share(columns[name][~old], getattr(groups["person"].insurance.under65, name))
    for subtype in ("hr_pos_her2_pos", "hr_neg_her2_pos", "tnbc"):
        share(columns["grade3"][columns[subtype] == 1.0], getattr(groups["tumour"].grade3, subtype))


def test_age_is_a_normal_cut_off_at_both_ends(calibrated):
    age = calibrated.patients.columns["age"] * 10.0 + 61.0
    assert age.min() >= 18.0
    assert age.max() <= 95.0
    np.testing.assert_allclose(calibrated.patients.columns["age_squared"], calibrated.patients.columns["age"] ** 2)
    assert abs(np.median(age) - 61.0) < 0.5
    low, high = np.quantile(age, [0.25, 0.75])
    assert abs(low - 51.0) < 1.0
    assert abs(high - 71.0) < 1.0


def test_years_are_equally_likely_and_occult_metastases_fall_along_a_line(calibrated):
    year = np.floor(calibrated.patients.diagnosed)
    assert set(year) == set(range(2004, 2016))
    np.testing.assert_array_equal(calibrated.patients.columns["year"], year - 2009.5)
    for when, truth in ((2004, 0.08), (2015, 0.04)):
        share(year == when, 1.0 / 12.0)
        share(calibrated.patients.occult[year == when], truth)
    assert calibrated.treatment.intended[calibrated.patients.occult].all()


def test_occult_metastases_are_single_and_go_with_fitness_and_little_burden(calibrated, groups):
    columns, occult = calibrated.patients.columns, calibrated.patients.occult
    assert (columns["sites"][occult] == 1.0).all()
    assert not (columns["ps2"] + columns["ps3"])[occult].any()
    bone = (columns["bone"] == 1.0) & (columns["sites"] == 1.0)
    difference = columns["burden"][occult & bone].mean() - columns["burden"][~occult & bone].mean()
    assert abs(difference - groups["occult"].burden_shift) < 4.0 * 0.93 / (occult & bone).sum() ** 0.5


def test_the_log_hazard_is_the_sum_of_its_terms(calibrated, groups):
    columns, prognosis = calibrated.patients.columns, groups["prognosis"]
    other = columns["sites"] - columns["bone"] - columns["lung"] - columns["liver"] - columns["brain"]
    terms = dict(columns) | {"other": other, "sites_over_one": columns["sites"] - 1.0}
    for side, total in (
        (prognosis.recorded, calibrated.patients.recorded_log_hazard),
        (prognosis.hidden, calibrated.patients.hidden_log_hazard),
    ):
        by_hand = sum(getattr(side, name) * terms[name] for name in type(side).__dataclass_fields__)
        np.testing.assert_allclose(total, by_hand, atol=1e-12)
    assert not set(type(prognosis.hidden).__dataclass_fields__) & set(calibrated.patients.recorded)


def test_without_occult_metastases_nothing_is_found_by_surgery(calibrated_world, groups):
    from functools import partial

    patients = partial(calibrated_world["patients"].func, **(groups | {"occult": None}))
    cohort = generate(calibrated_world | {"patients": patients}, 2000, Streams(1, 0))
    assert not cohort.patients.occult.any()
    assert not cohort.staging.found_by_surgery.any()


def test_a_changed_coefficient_shares_every_draw(calibrated_world, groups):
    from dataclasses import replace
    from functools import partial

    hidden = replace(groups["prognosis"].hidden, burden=0.0)
    changed = groups | {"prognosis": replace(groups["prognosis"], hidden=hidden)}
    patients = partial(calibrated_world["patients"].func, **changed)
    before = generate(calibrated_world, 2000, Streams(1, 0))
    after = generate(calibrated_world | {"patients": patients}, 2000, Streams(1, 0))
    for name, values in before.patients.columns.items():
        np.testing.assert_array_equal(after.patients.columns[name], values)
    np.testing.assert_array_equal(before.treatment.wait, after.treatment.wait)
    assert (before.death != after.death).mean() > 0.99


# ---------------------------------------------------------------- published figures (tolerance: what was tuned, or read)


def test_survival_of_the_cohort(calibrated, registry):
    _, known = registry
    for months, published in ((12, 0.700), (36, 0.404), (60, 0.257), (120, 0.101)):
        assert abs(alive(calibrated, months, known) - published) < 0.012, months
    assert abs(np.median(calibrated.death[known]) - 25.6) < 1.0


def test_survival_and_medians_by_arm(calibrated, registry):
    operated, known = registry
    for arm, months, median in ((operated & known, 0.535, 40.2), (known & ~operated, 0.325, 19.2)):
        assert abs(alive(calibrated, 36, arm) - months) < 0.015
        assert abs(np.median(calibrated.death[arm]) - median) < 1.2


def test_who_is_operated(calibrated, registry):
    operated, known = registry
    columns, year = calibrated.patients.columns, np.floor(calibrated.patients.diagnosed)
    assert abs(operated[known].mean() - 0.383) < 0.008
    assert abs(operated[known & (year == 2004)].mean() - 0.47) < 0.04
    assert abs(operated[known & (year == 2015)].mean() - 0.31) < 0.04
    young, small = columns["age"] < -1.1, columns["T3"] + columns["T4"] == 0.0
    for mask, published in ((young, (0.285, 0.193)), (small, (0.472, 0.412))):
        for arm, value in zip((operated & known, known & ~operated), published, strict=True):
            assert abs(mask[arm].mean() - value) < 0.02
    wait = calibrated.treatment.wait[operated]
    np.testing.assert_allclose(np.quantile(wait, [0.25, 0.5, 0.75]), [1.0, 2.2, 5.8], atol=0.15)
    assert abs(calibrated.patients.occult[operated].mean() - 0.15) < 0.01
    hidden = calibrated.patients.occult & operated
    assert abs(np.median(calibrated.death[hidden]) - 55.6) < 4.0
    assert abs(np.median(calibrated.death[operated & ~hidden]) - 37.9) < 1.5


def test_performance_status_and_response(calibrated):
    columns, response = calibrated.patients.columns, calibrated.course.response
    status = [columns[name].mean() for name in ("ps1", "ps2", "ps3")]
    np.testing.assert_allclose([1.0 - sum(status), *status], [0.33, 0.40, 0.16, 0.11], atol=0.015)
    fit = columns["ps2"] + columns["ps3"] == 0.0
    assert abs((response[fit] >= 0).mean() - 0.78) < 0.01
    assert abs((response[fit] > 0).mean() - 0.294) < 0.01


def test_survival_by_pattern(calibrated, registry):
    _, known = registry
    columns = calibrated.patients.columns
    single = columns["sites"] == 1.0
    published = {"bone": 0.514, "lung": 0.423, "liver": 0.385, "brain": 0.242}
    for site, value in published.items():
        among = known & single & (columns[site] == 1.0)
        assert abs(alive(calibrated, 36, among) - value) < 0.02 + 3.0 * 0.5 / among.sum() ** 0.5, site
    assert abs(alive(calibrated, 36, known & ~single) - 0.257) < 0.02
    assert abs(alive(calibrated, 60, known & single) - 0.313) < 0.02
    for site, value in (("bone", 0.651), ("lung", 0.30), ("liver", 0.24), ("brain", 0.07)):
        assert abs(columns[site].mean() - value) < 0.025, site


def test_burden_and_fitness_are_better_in_the_operated(calibrated, registry):
    operated, known = registry
    columns = calibrated.patients.columns
    for name in ("burden", "ps3", "sites", "age"):
        in_arm = [columns[name][arm] for arm in (operated & known, known & ~operated)]
        error = sum(values.var() / len(values) for values in in_arm) ** 0.5
        assert in_arm[0].mean() < in_arm[1].mean() - 10.0 * error, name
    assert columns["grade3"][operated].mean() > columns["grade3"][known & ~operated].mean()


@pytest.mark.long
def test_the_calibrated_arms_at_large_size(calibrated_world):
    cohort = generate(calibrated_world, 400_000, Streams(20230130, "large"))
    known = cohort.staging.known < np.inf
    assert abs(cohort.operated[known].mean() - 0.383) < 0.005
    assert abs(alive(cohort, 36, known & cohort.operated) - 0.535) < 0.006
    assert abs(alive(cohort, 36, known & ~cohort.operated) - 0.325) < 0.006
    deaths = [alive(cohort, months, known) for months in (12, 36, 60, 120)]
    np.testing.assert_allclose(deaths, [0.700, 0.404, 0.257, 0.101], atol=0.010)  # published from 20,000 women: +-0.0065
    assert all(later < earlier for earlier, later in pairwise(deaths))
