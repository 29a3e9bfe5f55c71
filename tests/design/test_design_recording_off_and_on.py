"""Every step of the record off and on, as it looks to an analyst who adjusts for what is written down. Surgery does nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from biasim.answers import Status
from biasim.cohort.generate import generate
from biasim.config.load import load
from biasim.design.observe import observe
from biasim.design.recording.coarsened import coarsened
from biasim.design.recording.incomplete import incomplete
from biasim.design.recording.incomplete_by_column import incomplete_by_column
from biasim.design.recording.known_better_in_operated import known_better_in_operated
from biasim.design.recording.validated import validated
from biasim.design.recording.with_error import with_error
from biasim.engine.streams import Streams
from biasim.methods.cox import cox
from biasim.methods.cox_complete_cases import cox_complete_cases
from biasim.methods.cox_missing_indicator import cox_missing_indicator
from biasim.registry import find

PARTS = {
    "patients": ("two_scores_with_marks", {"recorded_log_ratio": 0.8}), "course": ("none", {}), "effect": ("none", {}),
    "censoring": ("none", {}), "care": ("none", {}), "local": ("none", {}), "staging": ("known_at_diagnosis", {}),
    "treatment": ("by_prognosis", {"odds_ratio": 0.4, "median_wait": 1e-9, "wait_spread": 0.0}),
    "survival": ("weibull", {"shape": 1.0, "scale": 30.0}),
}  # fmt: skip
COIN = {"treatment": ("by_prognosis", {"median_wait": 1e-9, "wait_spread": 0.0})}
VIEW = {
    "time_zero": find("time_zero", "diagnosis"), "exposure": find("exposure", "ever_operated"),
    "measurement": find("measurement", "registry"), "follow_up": find("follow_up", "complete"),
    "outcome": find("outcome", "death"),
}  # fmt: skip
SCORE = ("recorded_score",)
OFF = {
    with_error: {"reliability": 1.0},
    known_better_in_operated: {"reliability": 1.0, "understated": 0.0, "missed": 0.0},
    coarsened: {"classes": None},
    incomplete: {"share": 0.0},
    incomplete_by_column: {"share": 0.0},
}


def deviates(method, chains, *, size=500, replicates=200, **rooms):
    """The mean of the naive estimates in Monte Carlo standard errors, of each chain of recording parts; surgery does nothing."""
    world = {room: partial(find(room, name), **parameters) for room, (name, parameters) in (PARTS | rooms).items()}
    rows = []
    for replicate in range(replicates):
        streams = Streams(20261125, replicate)
        cohort, row = generate(world, size, streams), []
        for chain in chains:
            parts = {"eligibility": (), "recording": chain} | VIEW
            found = method(observe(cohort, parts, streams))
            assert found.status is Status.OK, found.message
            row.append(found.estimate)
        rows.append(row)
    rows = np.array(rows)
    return rows.mean(axis=0) / (rows.std(axis=0, ddof=1) / len(rows) ** 0.5)


def switched(part, on, **also):
    """The chain with the part at its switch, then as it is `on`."""
    return [(partial(part, columns=SCORE, **parameters, **also),) for parameters in (OFF[part], on)]


@pytest.mark.parametrize(
    ("part", "on"),
    [(with_error, {"reliability": 0.5}), (coarsened, {"classes": 2}), (known_better_in_operated, {})],
)
def test_adjusting_for_a_bad_record_favours_surgery_and_not_for_a_good_one(part, on):
    off, biased = deviates(partial(cox, adjust=True), switched(part, on))
    assert abs(off) < 4.0
    assert biased < -10.0


def test_a_record_better_in_the_operated_makes_a_benefit_by_a_coin():
    chains = switched(known_better_in_operated, {"reliability": 1.0, "understated": 0.5})
    off, biased = deviates(partial(cox, adjust=True), chains, **COIN)
    assert abs(off) < 4.0
    assert biased < -10.0
    noise = [(partial(known_better_in_operated, columns=SCORE, reliability=0.5, understated=0.0),)]
    assert deviates(partial(cox, adjust=True), noise, replicates=400, **COIN)[0] > 10.0  # the other way, for noise alone


@pytest.mark.parametrize(
    ("part", "on", "also"),
    [
        (incomplete, {"share": 0.4}, {}),
        (incomplete, {"share": 0.4, "odds_ratio_recorded": 3.0}, {}),
        (incomplete_by_column, {"share": 0.4, "odds_ratio": 3.0}, {"by": "preference"}),
    ],
    ids=["at random", "by the value", "by another column"],
)
def test_unknown_as_a_category_favours_surgery_and_dropping_records_does_not(part, on, also):
    off, indicated = deviates(partial(cox_missing_indicator, adjust=SCORE), switched(part, on, **also))
    assert abs(off) < 4.0
    assert indicated < -10.0
    assert abs(deviates(partial(cox_complete_cases, adjust=SCORE), switched(part, on, **also))[1]) < 4.0


def test_all_of_them_act_at_once_in_the_calibrated_world():
    """Every part of the room in one record of some thirty columns: who is in the study stays, and every column has values."""
    scenario = load(Path(__file__).parents[2] / "configs" / "paradox.yaml").scenarios[0]
    cohort = generate({room: choice.function for room, choice in scenario.world.items()}, 1000, Streams(5, 1))
    chain = (partial(validated, columns=("age", "T4")), partial(incomplete_by_column, by="academic", columns=("cci1", "cci2")),
             partial(with_error, columns=("age", "T3", "T4")), partial(known_better_in_operated, columns=("N1", "N2", "N3")),
             partial(coarsened, columns=("age",), classes=4), partial(incomplete, columns=("grade3",)))  # fmt: skip
    plain, seen = (observe(cohort, {"eligibility": (), "recording": one} | VIEW, Streams(5, 1)) for one in ((), chain))
    np.testing.assert_array_equal(plain.time, seen.time)
    assert {"age_class_4", "age_validated", "T4_validated"} < set(seen.names)
    assert seen.covariates.shape == (plain.size, len(plain.names) + 4)
    assert np.isfinite(seen.covariates).any(axis=0).all()
