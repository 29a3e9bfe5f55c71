"""Each part of the view by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from biasim.design.eligibility.alive_at import alive_at
from biasim.design.eligibility.column import column
from biasim.design.eligibility.everyone import everyone
from biasim.design.eligibility.non_progressors import non_progressors
from biasim.design.eligibility.randomised import randomised
from biasim.design.eligibility.stage_iv_known import stage_iv_known
from biasim.design.exposure.intended import intended
from biasim.design.exposure.operated_by_time_zero import operated_by_time_zero
from biasim.design.follow_up.calendar import calendar
from biasim.design.follow_up.complete import complete
from biasim.design.follow_up.months import months
from biasim.design.measurement.everything import everything
from biasim.design.measurement.nothing import nothing
from biasim.design.measurement.registry import registry
from biasim.design.time_zero.landmark import landmark
from biasim.design.time_zero.randomisation import randomisation
from biasim.errors import BiasimError
from biasim.registry import VIEW, find, names

INF = np.inf
RNG = np.random.default_rng(3)


def test_eligibility_by_hand(make_cohort):
    cohort = make_cohort(
        death=[4, 6, 8], known=[0, 3, INF], response=[-1, 0, 1],
        columns={"age": [40, 61, 80]}, diagnosed=[2004, 2008, 2012],
    )  # fmt: skip
    assert everyone(cohort, RNG).tolist() == [True, True, True]
    assert alive_at(cohort, RNG).tolist() == [True, True, True]
    assert alive_at(cohort, RNG, months=6.0).tolist() == [False, False, True]
    assert non_progressors(cohort, RNG).tolist() == [False, True, True]
    assert stage_iv_known(cohort, RNG).tolist() == [True, False, False]
    assert stage_iv_known(cohort, RNG, by=3.0).tolist() == [True, True, False]
    assert column(cohort, RNG, name="age", low=61.0, high=80.0).tolist() == [False, True, True]
    assert column(cohort, RNG, name="age", high=61.0).tolist() == [True, True, False]
    assert column(cohort, RNG, name="diagnosed", low=2008.0).tolist() == [False, True, True]


def test_randomised_by_hand(make_cohort):
    cohort = make_cohort(death=[5, 9, 9, 9, 9], randomised_at=[6, 6, INF, 6, 6])
    assert randomised(cohort, RNG).tolist() == [False, True, False, True, True]
    assert randomised(cohort, RNG, target=2).tolist() == [False, True, False, True, False]
    assert randomisation(cohort).tolist() == [6, 6, INF, 6, 6]


def test_column_names_the_likely_intention(make_cohort):
    cohort = make_cohort(death=[4], columns={"burden": [0.0]}, hidden=("burden",))
    with pytest.raises(BiasimError, match=r"column\.name: no column called 'burdn'\. Did you mean 'burden'\?"):
        column(cohort, RNG, name="burdn")


def test_exposure_by_hand(make_cohort):
    cohort = make_cohort(
        death=[10, 3, 10, 10], wait=[6, 5, 7, INF], randomised_at=[6, 2, INF, INF], intended=[1, 1, 1, 0]
    )
    by = operated_by_time_zero(cohort, landmark(cohort, months=6.0), RNG)
    assert by.exposed.tolist() == [True, False, False, False]
    assert by.decided.tolist() == [6, 6, 6, 6]
    meant = intended(cohort, np.zeros(4), RNG)
    assert meant.exposed.tolist() == [True, True, True, False]
    assert meant.decided.tolist() == [6, 2, 0, 0]


def test_follow_up_by_hand(make_cohort):
    cohort = make_cohort(death=[10, 10], diagnosed=[2004.0, 2018.25])
    zero = np.array([0.0, 6.0])
    assert calendar(cohort, zero, RNG, until=2019.0).tolist() == [180, 9]
    assert months(cohort, zero, RNG, months=60.0).tolist() == [60, 66]
    assert complete(cohort, zero, RNG).tolist() == [INF, INF]


NODES = {"N1": [1, 1, 0, 0, 0], "N2": [0, 0, 1, 0, 0], "N3": [0, 0, 0, 1, 0]}


def test_registry_columns_by_hand(make_cohort):
    cohort = make_cohort(
        death=[9] * 3, columns={"age": [1, 2, 3], "burden": [4, 5, 6], "lung": [0, 1, 0]}, hidden=("burden",),
        response=[1, 0, -1], occult=[1, 0, 0], found_by_surgery=[0, 1, 0],
    )  # fmt: skip
    plain = registry(cohort, RNG)
    assert plain.names == ("age", "lung")
    assert plain.values.tolist() == [[1, 0], [2, 1], [3, 0]]
    assert registry(cohort, RNG, without=("age",)).names == ("lung",)
    more = registry(cohort, RNG, without=("age", "lung"), add=("response", "burden", "occult", "found_by_surgery"))
    assert more.names == ("responded", "progressed", "burden", "occult", "found_by_surgery")
    assert more.values.tolist() == [[1, 0, 4, 1, 0], [0, 0, 5, 0, 1], [0, 1, 6, 0, 0]]
    assert registry(cohort, RNG, add=("response", "progressed", "burden", "burden")).names[2:] == (
        "responded", "progressed", "burden",
    )  # fmt: skip
    assert nothing(cohort, RNG).values.shape == (3, 0)


def test_everything_holds_all_that_differs(make_cohort):
    columns = {"age": [1, 2], "burden": [4, 5], "occult": [0, 0]}
    cohort = make_cohort(death=[9, 9], columns=columns, hidden=("burden", "occult"), response=[1, 0])
    assert everything(cohort, RNG).names == ("age", "burden", "responded")
    found = make_cohort(death=[9, 9], columns=columns | {"occult": [0, 1]}, hidden=("burden", "occult"), occult=[0, 1])
    assert everything(found, RNG).names == ("age", "burden", "occult")
    assert everything(found, RNG).values.tolist() == [[1, 4, 0], [2, 5, 1]]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"add": ("burdn",)}, r"registry\.add: no hidden column called 'burdn'\. Did you mean 'burden'\?"),
        ({"add": ("age",)}, r"registry\.add: 'age' is recorded in this world already"),
        ({"add": ("respons",)}, r"Did you mean 'response'\?"),
        ({"without": ("agee",)}, r"registry\.without: no recorded column called 'agee'\. Did you mean 'age'\?"),
        ({"without": ("burden",)}, r"registry\.without: 'burden' is hidden in this world already"),
        ({"nodal_understaging": 0.1}, r"nodal_understaging: this world has no column 'N1'"),
    ],
)
def test_registry_refuses_unknown_names(make_cohort, parameters, message):
    cohort = make_cohort(death=[9], columns={"age": [1], "burden": [2]}, hidden=("burden",))
    with pytest.raises(BiasimError, match=message):
        registry(cohort, RNG, **parameters)


def test_nodal_understaging_by_hand(make_cohort):
    # the first is operated; the others N1, N2, N3, N0 are one class too low with certainty
    cohort = make_cohort(death=[9] * 5, wait=[1, INF, INF, INF, INF], columns={"age": [1] * 5, **NODES})
    seen = registry(cohort, RNG, nodal_understaging=1.0)
    assert seen.names == ("age", "N1", "N2", "N3")
    assert seen.values[:, 1:].tolist() == [[1, 0, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert registry(cohort, RNG).values[:, 1:].tolist() == np.array([*NODES.values()]).T.tolist()
    assert registry(cohort, RNG, without=("N3",), nodal_understaging=1.0).names == ("age", "N1", "N2")


def test_nodal_understaging_in_the_expected_share_and_with_common_draws(make_cohort):
    size = 20_000
    columns = {"N1": np.zeros(size), "N2": np.ones(size), "N3": np.zeros(size)}
    cohort = make_cohort(death=np.full(size, 9.0), wait=np.where(np.arange(size) % 2, 1.0, INF), columns=columns)

    def lowered(probability):
        seen = registry(cohort, np.random.default_rng(11), nodal_understaging=probability).values
        assert (seen.sum(axis=1) == 1.0).all()
        return seen[:, 0] == 1.0

    some = lowered(0.45)
    assert not some[cohort.operated].any()
    mcse = np.sqrt(0.45 * 0.55 / (size / 2))
    assert abs(some[~cohort.operated].mean() - 0.45) < 4 * mcse
    assert not (lowered(0.2) & ~some).any()  # a smaller probability lowers a subset of the same women


def test_every_part_leaves_the_cohort_as_it_was(make_cohort):
    columns = {"x": [1.0, 2.0], "N1": [1, 0], "N2": [0, 1], "N3": [0, 0]}
    cohort = make_cohort(death=[9.0, 8.0], columns=columns, of_other_cause=[True, False], local=[3.0, np.inf])
    arrays = [*cohort.patients.columns.values(), cohort.lost, cohort.death, cohort.treatment.wait, cohort.staging.known]
    before = [array.copy() for array in arrays]
    zeros = np.zeros(2)
    measured = everything(cohort, RNG)
    arguments = {"time_zero": (), "exposure": (zeros, RNG), "follow_up": (zeros, RNG), "recording": (measured, RNG)}
    for room in VIEW:
        for name in names(room):
            part = find(room, name)
            part = partial(part, name="x") if name == "column" else part
            part = partial(part, nodal_understaging=1.0) if name == "registry" else part
            part = partial(part, by="x") if name == "incomplete_by_column" else part
            part(cohort, *arguments.get(room, (RNG,)))
    assert all(np.array_equal(now, then) for now, then in zip(arrays, before, strict=True))
