"""What happens to covariates on their way into the record: by hand, in the shares asked for, and what it leaves alone."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from math import log

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.design._chance import standardised
from biasim.design.measurement.everything import everything
from biasim.design.observe import observe
from biasim.design.recording.coarsened import coarsened
from biasim.design.recording.incomplete import incomplete
from biasim.design.recording.incomplete_by_column import incomplete_by_column
from biasim.design.recording.known_better_in_operated import known_better_in_operated
from biasim.design.recording.validated import validated
from biasim.design.recording.with_error import with_error
from biasim.engine.streams import Streams
from biasim.errors import BiasimError, UnknownColumn
from biasim.kernels import logistic
from biasim.registry import find
from biasim.types import Measured

SIZE = 40_000
OFF = {
    with_error: {"reliability": 1.0, "sensitivity": 1.0, "specificity": 1.0},
    known_better_in_operated: {"reliability": 1.0, "understated": 0.0, "missed": 0.0},
    coarsened: {"classes": None},
    incomplete: {"share": 0.0},
    incomplete_by_column: {"by": "age", "share": 0.0},
}
PARTS = {
    "patients": ("two_scores", {"recorded_log_ratio": 0.5, "hidden_log_ratio": 0.5}), "course": ("none", {}),
    "effect": ("none", {}), "censoring": ("none", {}), "care": ("none", {}), "local": ("none", {}),
    "staging": ("known_at_diagnosis", {}), "treatment": ("by_prognosis", {"odds_ratio": 0.5}),
    "survival": ("weibull", {"shape": 1.0, "scale": 30.0}),
}  # fmt: skip


def rng():
    return np.random.default_rng(11)


def close(value, truth, error, times=4.0):
    assert abs(value - truth) < times * error, (value, truth, error)


@pytest.fixture
def people(make_cohort):
    """Every second woman is operated; age is normal, smoker 0 or 1."""
    draw = np.random.default_rng(3)
    columns = {"age": draw.normal(60.0, 10.0, SIZE), "smoker": (draw.random(SIZE) < 0.3).astype(float)}
    wait = np.where(np.arange(SIZE) % 2, 1.0, np.inf)
    return make_cohort(1.0 + np.arange(SIZE, dtype=float), wait=wait, columns=columns)


@pytest.fixture
def measured(people):
    return everything(people, rng())


# ---------------------------------------------------------------- off, and errors


@pytest.mark.parametrize("part", OFF)
def test_switched_off_the_record_is_the_measurement_to_the_last_bit(part, people, measured):
    seen = part(people, measured, rng(), **OFF[part])
    assert seen.names == measured.names
    np.testing.assert_array_equal(seen.values, measured.values)


@pytest.mark.parametrize("part", [*OFF, validated])
def test_a_column_that_is_not_measured_is_named(part, people, measured):
    with pytest.raises(UnknownColumn, match=rf"recording\.{part.__name__}\.columns: .*'agee'.* Did you mean 'age'"):
        part(people, measured, rng(), **OFF.get(part, {}), columns=("agee",))


def test_gaps_stay_gaps(people, measured):
    some = incomplete(people, measured, rng(), share=0.5)
    gaps = np.isnan(some.values[:, 0])
    for part in (with_error, known_better_in_operated, coarsened, validated):
        assert (np.isnan(part(people, some, rng()).values[gaps])).all(), part
        assert not np.isnan(part(people, some, rng()).values[~gaps][:, :2]).any(), part


# ---------------------------------------------------------------- error


@pytest.mark.parametrize("reliability", [0.9, 0.5])
def test_reliability_is_that_of_the_column(people, measured, reliability):
    true, seen = measured.values[:, 0], with_error(people, measured, rng(), reliability=reliability).values[:, 0]
    close(true.var() / seen.var(), reliability, 2.0 * reliability * SIZE**-0.5)
    error = seen - true
    close(error.mean(), 0.0, error.std() / SIZE**0.5)
    close(np.corrcoef(error, true)[0, 1], 0.0, SIZE**-0.5)
    close(np.corrcoef(error, people.operated)[0, 1], 0.0, SIZE**-0.5)
    # the slope of the truth on the record is the reliability: regression dilution
    close(np.cov(true, seen)[0, 1] / seen.var(), reliability, 2.0 * SIZE**-0.5)


def test_marks_are_misread_in_the_shares_asked_for(people, measured):
    true = measured.values[:, 1] == 1.0
    seen = with_error(people, measured, rng(), sensitivity=0.7, specificity=0.9).values[:, 1]
    assert set(seen) == {0.0, 1.0}
    close(seen[true].mean(), 0.7, (0.21 / true.sum()) ** 0.5)
    close(seen[~true].mean(), 0.1, (0.09 / (~true).sum()) ** 0.5)


@pytest.mark.parametrize("part", [with_error, known_better_in_operated])
def test_only_the_named_columns_err_and_naming_others_shifts_no_draw(part, people, measured):
    both, one = part(people, measured, rng()), part(people, measured, rng(), columns=("smoker",))
    np.testing.assert_array_equal(one.values[:, 0], measured.values[:, 0])
    np.testing.assert_array_equal(one.values[:, 1], both.values[:, 1])


def test_less_reliable_is_the_same_error_stretched(people, measured):
    true = measured.values[:, 0]
    some, more = (with_error(people, measured, rng(), reliability=value).values[:, 0] - true for value in (0.8, 0.5))
    np.testing.assert_allclose(more, some * 2.0, rtol=1e-6, atol=1e-9)  # sqrt(1 / 0.5 - 1) is twice sqrt(1 / 0.8 - 1)


def test_the_operated_are_known_better(people, measured):
    seen = known_better_in_operated(people, measured, rng(), reliability=0.5, understated=0.4, missed=0.3)
    operated, (age, smoker) = people.operated, measured.values.T
    np.testing.assert_array_equal(seen.values[operated], measured.values[operated])
    error = (seen.values[:, 0] - age)[~operated] / age.std()
    close(error.mean(), -0.4, 1.0 / (SIZE / 2) ** 0.5)
    close(error.std(), 1.0, 1.0 / SIZE**0.5)
    assert (seen.values[smoker == 0.0, 1] == 0.0).all()
    smokers = ~operated & (smoker == 1.0)
    close(seen.values[smokers, 1].mean(), 0.7, (0.21 / smokers.sum()) ** 0.5)


def test_equally_well_known_in_both_is_plain_error(people, measured):
    same = {"reliability": 0.6, "reliability_operated": 0.6, "understated": 0.0, "missed": 0.0}
    seen = known_better_in_operated(people, measured, rng(), **same)
    plain = with_error(people, measured, rng(), reliability=0.6, sensitivity=1.0, specificity=1.0)
    np.testing.assert_array_equal(seen.values, plain.values)


# ---------------------------------------------------------------- classes


def test_classes_by_hand(make_cohort):
    cohort = make_cohort([9.0] * 6, columns={"age": [1, 2, 3, 4, 5, 6], "mark": [0, 1, 0, 1, 0, 1]})
    measured = everything(cohort, rng())
    seen = coarsened(cohort, measured, rng(), classes=3)
    assert seen.names == ("age_class_2", "age_class_3", "mark")
    assert seen.values.T.tolist() == [[0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1], [0, 1, 0, 1, 0, 1]]
    known = replace(measured, known_from=np.array([3.0, 0.0]))
    assert coarsened(cohort, known, rng(), classes=3).known_from.tolist() == [3, 3, 0]
    assert coarsened(cohort, measured, rng(), columns=("mark",)).values.tolist() == measured.values.tolist()


def test_classes_are_of_equal_size(people, measured):
    seen = coarsened(people, measured, rng(), classes=5)
    np.testing.assert_allclose(seen.values[:, :4].mean(axis=0), 0.2, atol=1e-4)
    assert (seen.values[:, :4].sum(axis=1) <= 1.0).all()


# ---------------------------------------------------------------- checked in part


def test_a_random_part_is_measured_once_more(people, measured):
    seen = validated(people, measured, rng(), columns=("age",), share=0.25)
    assert seen.names == ("age", "smoker", "age_validated")
    np.testing.assert_array_equal(seen.values[:, :2], measured.values)
    checked = ~np.isnan(seen.values[:, 2])
    np.testing.assert_array_equal(seen.values[checked, 2], measured.values[checked, 0])
    close(checked.mean(), 0.25, (0.1875 / SIZE) ** 0.5)
    for other in (people.operated, measured.values[:, 0], np.log(people.death)):
        close(np.corrcoef(checked, other)[0, 1], 0.0, SIZE**-0.5)
    wrong = with_error(people, seen, rng(), columns=("age",))
    np.testing.assert_array_equal(wrong.values[:, 2], seen.values[:, 2])


# ---------------------------------------------------------------- gaps by another column


def test_gaps_by_a_column_that_everybody_has(people, measured):
    for ratio in (1.0, 3.0):
        seen = incomplete_by_column(people, measured, rng(), by="age", share=0.3, odds_ratio=ratio)
        np.testing.assert_array_equal(seen.values[:, 0], measured.values[:, 0])
        fit = logistic.fit(standardised(measured.values[:, 0])[:, None], np.isnan(seen.values[:, 1]))
        for coefficient, wanted, k in zip(fit.coefficients, (log(0.3 / 0.7), log(ratio)), (0, 1), strict=True):
            close(coefficient, wanted, fit.covariance[k, k] ** 0.5)


def test_what_decides_must_be_known(people, measured):
    some = incomplete(people, measured, rng(), share=0.5)
    with pytest.raises(BiasimError, match=r"by: 'age' has gaps"):
        incomplete_by_column(people, some, rng(), by="age")
    with pytest.raises(UnknownColumn, match="Did you mean 'age'"):
        incomplete_by_column(people, measured, rng(), by="agee")


# ---------------------------------------------------------------- what is left alone


def test_no_part_of_the_record_touches_anything_else(make_design):
    """Bit for bit: who is in the study, exposure, time, event; and the columns that another part has made."""
    world = {room: partial(find(room, name), **parameters) for room, (name, parameters) in PARTS.items()}
    cohort = generate(world, 500, Streams(7, 1))
    chain = [partial(validated, columns=("recorded_score",)), partial(incomplete, columns=("hidden_score",)),
             partial(with_error, columns=("recorded_score",)), partial(coarsened, columns=("recorded_score",)),
             partial(known_better_in_operated, columns=("hidden_score",))]  # fmt: skip
    plain = observe(cohort, make_design(measurement=everything), Streams(7, 1))
    for part in chain:
        seen = observe(cohort, make_design(measurement=everything, recording=(part,)), Streams(7, 1))
        for field in fields(plain):
            if field.name not in ("names", "covariates", "worked_out"):
                assert np.array_equal(getattr(plain, field.name), getattr(seen, field.name)), field.name
    alone = observe(cohort, make_design(measurement=everything, recording=(chain[1],)), Streams(7, 1)).covariates[:, 1]
    after = observe(cohort, make_design(measurement=everything, recording=tuple(chain[:2])), Streams(7, 1)).covariates[:, 1]
    np.testing.assert_array_equal(alone, after)  # each part has a stream of its own


def test_a_part_changes_a_copy():
    values = np.random.default_rng(1).standard_normal((50, 1))
    values.setflags(write=False)
    world = {room: partial(find(room, name), **parameters) for room, (name, parameters) in PARTS.items()}
    cohort = generate(world, 50, Streams(7, 1))
    for part in (with_error, known_better_in_operated, coarsened, validated, incomplete):
        part(cohort, Measured(names=("recorded_score",), values=values), rng())
