"""What parts give, they say: else a study that finds it there would be refused."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from biasim.config.needs import gives
from biasim.registry import find, names
from biasim.units import CAUSES, RANDOMISATION


def cohort_with(kit: Any, room: str, name: str) -> Any:
    part = partial(find(room, name), **kit.given(room, name))
    return kit.cohort_of(kit.host(room, name), changes=((room, part),))


@pytest.mark.parametrize("name", names("treatment"))
def test_a_treatment_that_randomises_says_so(kit, name) -> None:
    assert cohort_with(kit, "treatment", name).treatment.randomised.any() == gives("treatment", name, RANDOMISATION)


@pytest.mark.parametrize("name", names("survival"))
def test_a_survival_with_several_causes_says_so(kit, name) -> None:
    causes = cohort_with(kit, "survival", name).of_other_cause is not None
    assert causes == gives("survival", name, CAUSES)
