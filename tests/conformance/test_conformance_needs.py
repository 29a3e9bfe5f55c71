"""What parts give, they say: else a study that finds it there would be refused."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from biasim.config.needs import meets
from biasim.design.observe import name_of
from biasim.registry import find, names
from biasim.units import A_TRIAL, OTHER_CAUSES


def cohort_with(kit: Any, room: str, name: str) -> Any:
    part = partial(find(room, name), **kit.given(room, name))
    return kit.cohort_of(kit.host(room, name), changes=((room, part),))


@pytest.mark.parametrize("name", names("treatment"))
def test_a_treatment_that_randomises_says_so(kit, name) -> None:
    assert cohort_with(kit, "treatment", name).treatment.randomised.any() == meets("treatment", name, A_TRIAL)


@pytest.mark.parametrize("name", names("survival"))
def test_a_survival_with_several_causes_says_so(kit, name) -> None:
    causes = cohort_with(kit, "survival", name).of_other_cause is not None
    assert causes == meets("survival", name, OTHER_CAUSES)


@pytest.mark.parametrize("name", names("outcome"))
def test_an_outcome_with_which_something_competes_says_so(kit, name) -> None:
    """In a world in which every death is of the cancer, whatever has cause 2 is the outcome's own doing."""
    part = partial(find("outcome", name), **kit.given("outcome", name))
    found = part(kit.cohort_of(kit.host("outcome", name)), kit.stream(name_of(part)))
    assert not np.any(found.cause == 2) or meets("outcome", name, OTHER_CAUSES)
