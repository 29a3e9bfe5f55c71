"""Estimands and performance measures: the same questions to each."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from biasim.answers import Estimates, Truth, Value
from biasim.errors import BiasimError
from biasim.registry import find, names

ESTIMANDS, MEASURES = names("estimands"), names("performance")


def truths(kit, name: str, cohort):
    """Every variant of an estimand that the cohort has patients for."""
    for label, estimand in kit.variants("estimands", name):
        try:
            yield label, estimand(cohort)
        except BiasimError:
            assert label != "default"  # nobody was randomised in this world


@pytest.mark.parametrize("name", ESTIMANDS)
def test_without_effect_the_truth_is_exactly_zero(kit, name: str) -> None:
    for world in kit.world_names():
        cohort = kit.cohort_of(world, 300, (("effect", find("effect", "none")),))
        for label, truth in truths(kit, name, cohort):
            assert truth == Truth(value=0.0, mcse=0.0), (world, label)


@pytest.mark.parametrize("name", ESTIMANDS)
def test_a_benefit_is_a_benefit(kit, name: str) -> None:
    from functools import partial

    cohort = kit.cohort_of("two_scores", 3000, (("effect", partial(find("effect", "constant"), hazard_ratio=0.5)),))
    for label, truth in truths(kit, name, cohort):
        sign = -1.0 if "hazard_ratio" in name else 1.0
        assert sign * truth.value > 4 * truth.mcse, label
        assert truth.mcse >= 0, label


@pytest.mark.parametrize("name", ESTIMANDS)
def test_the_order_of_the_patients_does_not_matter(kit, name: str) -> None:
    from functools import partial

    cohort = kit.cohort_of("two_scores", 300, (("effect", partial(find("effect", "constant"), hazard_ratio=0.5)),))
    permuted = kit.rows(cohort, kit.stream("order").permutation(300))
    for (label, first), (_, second) in zip(truths(kit, name, cohort), truths(kit, name, permuted), strict=True):
        assert first.value == pytest.approx(second.value, rel=1e-9), label
        assert first.mcse == pytest.approx(second.mcse, rel=1e-6, abs=1e-12), label


def estimates(count: int, *, attempts: int | None = None, seed: int = 3) -> Estimates:
    rng = np.random.default_rng(seed)
    estimate, error = rng.normal(-0.2, 0.1, count), rng.uniform(0.08, 0.12, count)
    return Estimates(
        estimate=estimate, standard_error=error, low=estimate - 1.96 * error, high=estimate + 1.96 * error,
        attempts=count if attempts is None else attempts,
    )  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 2, 50])
@pytest.mark.parametrize("name", MEASURES)
def test_measures_take_any_number_of_replicates(kit, name: str, count: int) -> None:
    for label, measure in kit.variants("performance", name):
        for attempts in (count, count + 5):
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                value = measure(estimates(count, attempts=attempts), Truth(value=0.0, mcse=0.01))
            assert isinstance(value, Value), label
            assert not value.mcse < 0, label
            if count == 50:
                assert np.isfinite([value.value, value.mcse]).all(), label


@pytest.mark.parametrize("name", MEASURES)
def test_equal_replicates_have_no_monte_carlo_error_that_is_not_the_truths(kit, name: str) -> None:
    one = estimates(1)
    same = Estimates(
        estimate=np.repeat(one.estimate, 20), standard_error=np.repeat(one.standard_error, 20),
        low=np.repeat(one.low, 20), high=np.repeat(one.high, 20), attempts=20,
    )  # fmt: skip
    for label, measure in kit.variants("performance", name):
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            value = measure(same, Truth(value=0.0, mcse=0.0))
        assert np.isnan(value.mcse) or value.mcse == pytest.approx(0.0, abs=1e-12), label


@pytest.mark.parametrize("name", MEASURES)
def test_the_order_of_replicates_does_not_matter(kit, name: str) -> None:
    some = estimates(40)
    order = np.random.default_rng(5).permutation(40)
    turned = Estimates(
        estimate=some.estimate[order], standard_error=some.standard_error[order],
        low=some.low[order], high=some.high[order], attempts=40,
    )  # fmt: skip
    truth = Truth(value=-0.1, mcse=0.01)
    for label, measure in kit.variants("performance", name):
        first, second = measure(some, truth), measure(turned, truth)
        assert first.value == pytest.approx(second.value, rel=1e-10), label
        assert first.mcse == pytest.approx(second.mcse, rel=1e-9), label
