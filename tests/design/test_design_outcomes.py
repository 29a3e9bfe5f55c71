"""Outcomes that are not death: by hand, with what competes, wrong certificates on and off, and worlds that cannot show them."""

from functools import partial

import numpy as np
import pytest

from biasim.cohort.generate import generate
from biasim.design.observe import observe
from biasim.engine.streams import Streams
from biasim.errors import BiasimError
from biasim.methods.cox_cause_specific import cox_cause_specific
from biasim.methods.fine_gray import fine_gray
from biasim.registry import find

RNG = np.random.default_rng(1)
RIGHT = {"missed": 0.0, "missed_odds_ratio": 1.0, "added": 0.0, "added_odds_ratio": 1.0}
cancer, local, composite = (
    find("outcome", name) for name in ("death_of_the_cancer", "local_progression", "local_progression_or_death")
)


def test_right_certificates_by_hand(make_cohort):
    cohort = make_cohort(death=[9.0, 8.0, 7.0], of_other_cause=[False, True, False], wait=[1.0, 2.0, np.inf])
    found = cancer(cohort, RNG, **RIGHT)
    assert found.at.tolist() == [9, 8, 7]
    assert found.event.tolist() == [True, False, True]
    assert found.cause.tolist() == [1, 2, 1]
    assert found.effect is cohort.effect


def test_certificates_that_are_always_wrong(make_cohort):
    cohort = make_cohort(death=[9.0, 8.0], of_other_cause=[False, True])
    assert cancer(cohort, RNG, missed=1.0, added=1.0).event.tolist() == [False, True]


def test_the_chance_of_a_wrong_name_is_as_asked(make_cohort):
    size = 400_000
    other, operated = np.arange(size) % 2 == 0, np.arange(size) % 4 < 2
    cohort = make_cohort(death=np.full(size, 9.0), of_other_cause=other, wait=np.where(operated, 1.0, np.inf))
    named = cancer(cohort, RNG, missed=0.1, missed_odds_ratio=3.0, added=0.4, added_odds_ratio=0.5).event
    for who, chance in (
        (~other & ~operated, 0.9), (~other & operated, 1 - 0.3 / (0.9 + 0.3)),
        (other & ~operated, 0.4), (other & operated, 0.2 / (0.6 + 0.2)),
    ):  # fmt: skip
        assert abs(named[who].mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / who.sum())


def test_more_error_is_the_same_women_and_more(make_cohort):
    cohort = make_cohort(death=np.full(5000, 9.0), of_other_cause=np.zeros(5000, bool))
    few, many = (cancer(cohort, np.random.default_rng(2), missed=share).event for share in (0.1, 0.3))
    assert not (many & ~few).any()


def test_an_operation_that_death_forestalled_is_not_known_to_the_certifier(make_cohort):
    cohort = make_cohort(death=np.full(2000, 3.0), wait=np.full(2000, 5.0), of_other_cause=np.zeros(2000, bool))
    assert cancer(cohort, RNG, missed=0.0, missed_odds_ratio=9.0).event.all()
    named = [cancer(cohort, np.random.default_rng(4), missed=0.2, missed_odds_ratio=ratio).event for ratio in (1.0, 9.0)]
    assert np.array_equal(*named)


def test_progression_and_the_composite_by_hand(make_cohort):
    cohort = make_cohort(death=[9.0, 8.0, 7.0], local=[3.0, 12.0, np.inf])
    found = local(cohort, RNG)
    assert found.at.tolist() == [3, 8, 7]
    assert found.event.tolist() == [True, False, False]
    assert found.cause.tolist() == [1, 2, 2]
    both = composite(cohort, RNG)
    assert both.at.tolist() == [3, 8, 7]
    assert both.event.all()
    assert (both.cause == 1).all()


def test_what_competes_is_observed_as_such(make_cohort, make_design, streams):
    """Death before progression: no event, cause 2; loss before either: cause 0. Progressed before time zero: not in the study."""
    cohort = make_cohort(death=[9.0, 8.0, 7.0, 9.0], local=[3.0, 12.0, 4.0, 1.0], lost=[np.inf, np.inf, 2.0, np.inf])
    seen = observe(cohort, make_design(outcome=local), streams)
    assert seen.time.tolist() == [3, 8, 2, 1]
    assert seen.event.tolist() == [True, False, False, True]
    assert seen.cause.tolist() == [1, 2, 0, 1]
    late = make_design(outcome=local, time_zero=lambda cohort: np.full(cohort.size, 1.5))
    assert observe(cohort, late, streams).patient.tolist() == [0, 1, 2]


def test_methods_by_cause_know_what_competes(make_cohort, make_design, streams):
    """An outcome that marks other deaths as no event gives the same analyses as deaths of two causes."""
    rng = np.random.default_rng(8)
    death, other = rng.exponential(30.0, 400), rng.random(400) < 0.3
    cohort = make_cohort(death=death, of_other_cause=other, wait=np.where(rng.random(400) < 0.5, 0.001, np.inf))
    deaths = observe(cohort, make_design(), streams)
    certified = observe(cohort, make_design(outcome=partial(cancer, **RIGHT)), streams)
    assert (certified.event != deaths.event).any()
    for method in (cox_cause_specific, fine_gray):
        for cause in ("cancer", "other"):
            one, two = method(deaths, cause=cause), method(certified, cause=cause)
            assert (one.estimate, one.standard_error) == (two.estimate, two.standard_error)


def test_a_world_that_cannot_show_it_is_refused_with_the_reason(make_cohort):
    cohort = make_cohort(death=[9.0, 8.0])
    with pytest.raises(BiasimError, match=r"needs survival\.two_causes"):
        cancer(cohort, RNG)
    for part in (local, composite):
        with pytest.raises(BiasimError, match=r"needs local\.exponential"):
            part(cohort, RNG)


# ---------------------------------------------------------------- the switch

WORLD = {
    "patients": ("two_scores", {"recorded_log_ratio": 0.5, "hidden_log_ratio": 0.5}), "course": ("none", {}),
    "treatment": ("by_prognosis", {"median_wait": 0.01, "wait_spread": 0.0}), "care": ("none", {}), "effect": ("none", {}),
    "survival": ("two_causes", {"other_ratio": 0.4}), "staging": ("known_at_diagnosis", {}), "censoring": ("none", {}),
    "local": ("exponential", {}),
}  # fmt: skip
SIZE = 200_000


@pytest.fixture(scope="module")
def large():
    return generate({room: partial(find(room, name), **given) for room, (name, given) in WORLD.items()}, SIZE, Streams(1, 0))


def seen_with(large, make_design, outcome):
    months = partial(find("follow_up", "months"), months=60.0)
    return observe(large, make_design(outcome=outcome, follow_up=months), Streams(1, 0))


@pytest.mark.parametrize(
    ("given", "sign"),
    [
        (RIGHT, 0),
        (RIGHT | {"missed": 0.2}, 0),
        (RIGHT | {"missed": 0.1, "added": 0.5}, 0),
        (RIGHT | {"missed": 0.05, "missed_odds_ratio": 3.0}, -1),
        (RIGHT | {"added": 0.5, "added_odds_ratio": 0.4}, -1),
        ({}, -1),
        (RIGHT | {"missed": 0.2, "missed_odds_ratio": 0.4}, 1),
        (RIGHT | {"added": 0.5, "added_odds_ratio": 2.5}, 1),
    ],
)
def test_direction_of_wrong_certificates(large, make_design, given, sign):
    found = cox_cause_specific(seen_with(large, make_design, partial(cancer, **given)))
    print(f"{found.estimate:+.4f} ({found.standard_error:.4f})")
    assert abs(found.estimate) < 4 * found.standard_error if sign == 0 else sign * found.estimate > 10 * found.standard_error


def test_only_the_names_of_deaths_change(large, make_design):
    right, wrong = (seen_with(large, make_design, partial(cancer, **given)) for given in (RIGHT, {}))
    for name in ("covariates", "exposed", "time", "patient", "started"):
        np.testing.assert_array_equal(getattr(right, name), getattr(wrong, name))
    assert (right.event != wrong.event).any()
