"""What an analysis adjusts for, and whether it heeds dates, as changed data tell."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from biasim.engine.analyses import by_result, use
from biasim.methods.cox import cox
from biasim.methods.cox_complete_cases import cox_complete_cases
from biasim.methods.cox_ever_exposed import cox_ever_exposed
from biasim.methods.cox_immortal_time_excluded import cox_immortal_time_excluded
from biasim.methods.cox_landmark import cox_landmark
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_missing_indicator import cox_missing_indicator
from biasim.methods.cox_multiply_imputed import cox_multiply_imputed
from biasim.methods.cox_time_dependent import cox_time_dependent
from biasim.methods.kaplan_meier import kaplan_meier
from biasim.methods.most_favourable import most_favourable
from biasim.methods.trial_as_treated import trial_as_treated
from biasim.methods.trial_crossover_censored import trial_crossover_censored
from biasim.methods.trial_intention_to_treat import trial_intention_to_treat
from biasim.methods.trial_per_protocol import trial_per_protocol
from biasim.methods.trial_rank_preserving import trial_rank_preserving
from biasim.methods.written_up import written_up
from biasim.types import Observed, ObservedOverTime, ObservedTrial

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


def trial() -> ObservedTrial:
    plain, rng = data(), np.random.default_rng(9)
    assigned = rng.random(600) < 0.5
    operated = np.where(assigned, rng.random(600) < 0.85, rng.random(600) < 0.2)
    begins = np.where(operated, 1.0, np.inf)
    exposed = operated & (begins < plain.time)
    return ObservedTrial(
        names=NAMES, covariates=plain.covariates, exposed=exposed, entry=plain.entry, time=plain.time, event=plain.event,
        patient=plain.patient, exposed_from=np.where(exposed, begins, np.inf), assigned=assigned,
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


def test_gaps_left_unadjusted_are_told_from_gaps_imputed() -> None:
    holes = data(missing=0.2)
    assert use(holes, cox_missing_indicator).unadjusted_gaps
    assert not use(holes, partial(cox_multiply_imputed, imputations=3)).unadjusted_gaps
    assert not use(holes, cox_complete_cases).unadjusted_gaps


@pytest.mark.parametrize(
    ("method", "as_treated", "kept"),
    [
        (trial_intention_to_treat, False, False),
        (trial_as_treated, True, False),
        (trial_per_protocol, False, True),
        (partial(trial_crossover_censored, weights="none"), False, True),
        (trial_rank_preserving, False, False),
    ],
)
def test_what_is_made_of_departures_from_an_arm(method, as_treated, kept) -> None:
    found = use(trial(), method)
    assert (found.as_treated, found.kept_to_arm) == (as_treated, kept)


def test_a_method_off_its_switch_reports_by_its_result() -> None:
    assert by_result(partial(written_up, share=0.3))
    assert not by_result(partial(written_up, share=1.0))
    assert by_result(partial(most_favourable, models=5, chosen_by="p_value"))
    assert not by_result(partial(most_favourable, models=5, chosen_by="median"))
    assert not by_result(partial(cox, adjust=True))


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
