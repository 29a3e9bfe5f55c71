"""The column `other_care`: who got other treatment than surgery, as a study may write it down."""

from dataclasses import replace

import numpy as np

from biasim.design.measurement.everything import everything
from biasim.design.measurement.registry import registry
from biasim.types import Care

RNG = np.random.default_rng(0)
RECEIVED = np.array([True, False, True])


def treated(make_cohort, begins=0.0, received=RECEIVED):
    cohort = make_cohort([5.0, 9.0, 20.0], columns={"age": [1.0, 2.0, 3.0]})
    return replace(cohort, care=Care(begins=begins, log_ratio=np.where(RECEIVED, -0.5, 0.0), received=received))


def test_a_registry_holds_it_only_when_asked(make_cohort):
    cohort = treated(make_cohort)
    assert registry(cohort, RNG).names == ("age",)
    measured = registry(cohort, RNG, add=("other_care",))
    assert measured.names == ("age", "other_care")
    assert measured.values[:, 1].tolist() == [1.0, 0.0, 1.0]
    assert measured.known_from is None


def test_it_is_known_once_the_last_has_begun(make_cohort):
    for begins in (4.0, np.array([4.0, 2.0, 2.0])):
        measured = registry(treated(make_cohort, begins=begins), RNG, add=("other_care",))
        assert measured.known_from.tolist() == [0.0, 4.0]


def test_everything_holds_it_where_some_got_it(make_cohort):
    assert "other_care" in everything(treated(make_cohort), RNG).names
    assert "other_care" not in everything(treated(make_cohort, received=np.zeros(3, bool)), RNG).names


def test_where_it_is_no_matter_of_yes_or_no_nobody_stands_out(make_cohort):
    cohort = treated(make_cohort, received=None)
    assert "other_care" not in everything(cohort, RNG).names
    assert not registry(cohort, RNG, add=("other_care",)).values[:, 1].any()
