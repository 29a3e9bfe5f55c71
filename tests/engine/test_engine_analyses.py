"""What an analysis adjusts for, and whether it heeds dates, as changed data tell."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from biasim.engine.analyses import use
from biasim.methods.cox import cox
from biasim.methods.cox_complete_cases import cox_complete_cases
from biasim.methods.cox_ever_exposed import cox_ever_exposed
from biasim.methods.cox_immortal_time_excluded import cox_immortal_time_excluded
from biasim.methods.cox_landmark import cox_landmark
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_time_dependent import cox_time_dependent
from biasim.methods.kaplan_meier import kaplan_meier
from biasim.types import Observed, ObservedOverTime

NAMES = ("age", "stage")


def data(*, missing: float = 0.0, known_from: tuple[float, ...] | None = None) -> Observed:
    rng = np.random.default_rng(7)
    covariates = rng.standard_normal((600, 2))
    covariates[rng.random(600) < missing, 1] = np.nan
    return Observed(
        names=NAMES, covariates=covariates, exposed=rng.random(600) < 0.4, entry=np.zeros(600),
        time=rng.exponential(30, 600) + 0.1,
        event=rng.random(600) < 0.8, patient=np.arange(600), known_from=None if known_from is None else np.array(known_from),
    )  # fmt: skip


def over_time(known_from: tuple[float, ...] | None = None) -> ObservedOverTime:
    plain, rng = data(), np.random.default_rng(8)
    begins = np.where(plain.exposed, rng.exponential(4.0, 600) + 0.5, np.inf)
    exposed = plain.exposed & (begins < plain.time)
    return ObservedOverTime(
        names=NAMES, covariates=plain.covariates, exposed=exposed, entry=plain.entry, time=plain.time, event=plain.event,
        patient=plain.patient, known_from=None if known_from is None else np.array(known_from),
        exposed_from=np.where(exposed, begins, np.inf),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "columns"),
    [
        (cox, set()),
        (kaplan_meier, set()),
        (partial(cox, adjust=True), set(NAMES)),
        (partial(cox, adjust=("stage",)), {"stage"}),
        (partial(cox, adjust=("age",), proportionality="km"), {"age"}),
        (cox_matched, set(NAMES)),
    ],
)
def test_the_covariates_that_an_analysis_uses(method, columns) -> None:
    assert use(data(), method).columns == columns


def test_complete_cases_are_told_from_an_analysis_that_refuses() -> None:
    holes = data(missing=0.2)
    assert use(holes, partial(cox_complete_cases, adjust=True)).complete_cases
    assert not use(holes, cox).complete_cases
    assert not use(data(), partial(cox_complete_cases, adjust=True)).complete_cases


@pytest.mark.parametrize(
    ("method", "ignores", "drops", "moved"),
    [
        (cox_ever_exposed, True, False, False),
        (partial(cox_immortal_time_excluded, clock="from_exposure"), False, True, True),
        (partial(cox_immortal_time_excluded, clock="from_time_zero"), False, True, False),
        (cox_time_dependent, False, False, False),
        (partial(cox_landmark, months=6.0), False, False, False),
    ],
)
def test_what_is_made_of_the_dates_of_exposure(method, ignores, drops, moved) -> None:
    found = use(over_time(), method)
    assert (found.ignores_dates, found.drops_wait, found.from_exposure) == (ignores, drops, moved)


def test_covariates_that_become_known_later() -> None:
    later = (0.0, 3.0)
    assert use(data(known_from=later), partial(cox, adjust=True)).known_later == {"stage"}
    assert not use(data(known_from=later), partial(cox, adjust=("age",))).known_later
    assert not use(over_time(later), partial(cox_time_dependent, adjust=True)).known_later
    assert use(over_time(later), partial(cox_time_dependent, adjust=True, known="from_time_zero")).known_later == {"stage"}
