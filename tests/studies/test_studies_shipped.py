"""The shipped studies: each arises, each is removed by its remedy, and the calibrated world gives the calibrated numbers.

Bounds are in Monte Carlo standard errors with the studies' own seeds. `off` is a scenario or design in which the
bias is switched off, `on` one in which it is at its strongest.
"""

from __future__ import annotations

import csv
from math import exp, log
from pathlib import Path

import pytest

from biasim.config.load import load, resolve
from biasim.config.resolve import all_studies
from biasim.engine.run import run

SHIPPED = tuple(study.stem for study in all_studies())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory):
    """study name, replicates -> rows of performance.csv by (scenario, design, method, measure)."""
    folder = tmp_path_factory.mktemp("results")
    kept: dict[tuple[str, int], dict] = {}

    def rows(name: str, replicates: int) -> dict:
        if (name, replicates) not in kept:
            where = run(load(resolve(name)), results=folder, workers=1, replicates=replicates)
            with (Path(where) / "tables" / "performance.csv").open(newline="") as file:
                kept[name, replicates] = {
                    (int(row["scenario"]), row["design"], row["method"], row["measure"]): row for row in csv.DictReader(file)
                }
        return kept[name, replicates]

    return rows


def in_mcse(rows: dict, scenario: int, design: str, method: str) -> float:
    """Bias of the log hazard ratio in Monte Carlo standard errors."""
    row = rows[scenario, design, method, "bias"]
    return float(row["value"]) / float(row["mcse"])


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_study_is_accepted_and_says_what_it_expects(name: str) -> None:
    study = load(resolve(name))
    assert study.aim
    assert study.story
    assert set(study.expect) == set(study.scenarios[0].designs)


@pytest.mark.parametrize(
    ("name", "scenario", "design", "method"),
    [
        ("immortal_time", 0, "registry", "cox"),
        ("confounding_by_indication", 0, "registry", "cox"),
        ("confounding_by_indication", 0, "registry", "cox(adjust=true)"),
        ("confounding_by_indication", 0, "registry", "cox_weighted"),
        ("responder_selection", 0, "landmark", "cox"),
        ("responder_selection", 0, "surgery_dates", "cox_time_dependent"),
        ("stage_migration", 0, "registry", "cox"),
        ("outcome_misjudged", 0, "registry", "cox_cause_specific"),
        ("outcome_misjudged", 0, "registry", "fine_gray"),
        ("local_progression", 0, "registry", "cox"),
        ("informative_censoring", 0, "registry", "cox"),
        ("informative_censoring", 0, "reason_not_recorded", "cox_loss_weighted"),
    ],
)
def test_switched_on_each_bias_favours_surgery_beyond_ten_mcse(results, name, scenario, design, method) -> None:
    assert in_mcse(results(name, 60), scenario, design, method) < -10.0


@pytest.mark.parametrize(
    ("name", "scenario", "design", "method"),
    [
        ("immortal_time", 0, "landmark", "cox"),
        ("immortal_time", 2, "surgery_dates", "cox_time_dependent"),
        ("immortal_time", 2, "intention", "cox"),
        ("confounding_by_indication", 2, "registry", "cox(adjust=true)"),
        ("confounding_by_indication", 0, "trial", "cox"),
        ("responder_selection", 2, "landmark", "cox"),
        ("responder_selection", 0, "trial", "cox"),
        ("stage_migration", 2, "registry", "cox"),
        ("stage_migration", 0, "known_at_diagnosis", "cox"),
        ("outcome_misjudged", 0, "same_error_in_both", "cox_cause_specific"),
        ("outcome_misjudged", 0, "blinded_committee", "fine_gray"),
        ("outcome_misjudged", 0, "every_death", "cox"),
        ("local_progression", 0, "composite_as_such", "cox"),
        ("local_progression", 0, "trial_of_both", "cox_cause_specific"),
        ("local_progression", 0, "trial_of_death", "cox"),
        ("local_progression", 2, "registry", "cox"),
        ("informative_censoring", 0, "registry", "cox_loss_weighted"),
        ("informative_censoring", 0, "more_loss_of_one_group", "cox"),
        ("informative_censoring", 0, "death_index", "cox"),
        ("informative_censoring", 2, "registry", "cox"),
    ],
)
def test_switched_off_or_mended_nothing_is_left(results, name, scenario, design, method) -> None:
    assert abs(in_mcse(results(name, 60), scenario, design, method)) < 4.0


@pytest.mark.long
def test_immortal_time_remedies_are_unbiased_and_cover(results) -> None:
    rows = results("immortal_time", 1000)
    for scenario in range(3):
        assert in_mcse(rows, scenario, "registry", "cox") < -10.0
        for design, method in (("landmark", "cox"), ("surgery_dates", "cox_time_dependent")):
            assert abs(in_mcse(rows, scenario, design, method)) < 3.0
            coverage = rows[scenario, design, method, "coverage"]
            assert abs(float(coverage["value"]) - 0.95) < 4.0 * float(coverage["mcse"])


@pytest.mark.long
def test_paradox_gives_the_large_sample_values_of_the_calibration(results) -> None:
    """Values of an independent implementation of the calibrated world (docs/design.md says where they are from)."""
    rows = results("paradox", 100)
    wanted = {
        ("registry", "crude"): 0.57,
        ("registry", "adjusted"): 0.60,
        ("registry", "matched"): 0.64,
        ("surgery_dates", "time-dependent"): 0.72,
        ("everything_measured", "time-dependent, all measured"): 1.00,
    }
    for (design, method), value in wanted.items():
        assert exp(float(rows[0, design, method, "mean"]["value"])) == pytest.approx(value, abs=0.02)
    trial = rows[0, "trial", "by arm", "mean"]
    assert abs(float(trial["value"]) - log(1.0)) < 2.0 * float(trial["mcse"])


TAKEN_IN = ("ever or never", "immortal time excluded")
NOT_TAKEN_IN = (
    "time-dependent", "time-dependent, window of 8 months", "landmark at 8 months", "landmark at 12 months",
    "cloned, 8 months of grace", "cloned, 12 months of grace",
)  # fmt: skip


@pytest.mark.long
def test_analyses_of_the_same_cohorts_with_immortal_time(results) -> None:
    """In the calibrated world, true HR 1: two are biased and cover poorly, six are within 3 MCSE and cover as they should."""
    rows = results("immortal_time_remedies", 1000)
    for method in TAKEN_IN:
        assert in_mcse(rows, 0, "surgery_dates", method) < -10, method
        assert float(rows[0, "surgery_dates", method, "coverage"]["value"]) < 0.75, method
    for method in NOT_TAKEN_IN:
        assert abs(in_mcse(rows, 0, "surgery_dates", method)) < 3, method
        covered = rows[0, "surgery_dates", method, "coverage"]
        assert abs(float(covered["value"]) - 0.95) < 4 * (0.95 * 0.05 / 1000) ** 0.5, method


@pytest.mark.long
def test_negative_controls_and_an_instrument_tell_what_is_hidden(results) -> None:
    """Deaths that surgery cannot prevent are prevented as well, and a decoy saves; calibration and an instrument set it right."""
    rows = results("hidden_confounding", 300)
    for method in ("adjusted", "deaths of other causes", "a trait that saves nobody"):
        assert in_mcse(rows, 0, "registry", method) < -10, method
    for method in ("calibrated by other causes", "centres that like to operate"):
        assert abs(in_mcse(rows, 0, "registry", method)) < 4, method
    assert abs(in_mcse(rows, 0, "everything", "adjusted")) < 4


@pytest.mark.long
def test_a_literature_that_shares_a_bias_pools_to_a_narrow_wrong_answer(results) -> None:
    rows = results("literature", 60)
    for method in ("fixed effect", "random effects", "Hartung-Knapp"):
        assert in_mcse(rows, 0, "registries", method) < -10, method
        assert float(rows[0, "registries", method, "coverage"]["value"]) == 0.0, method
    for method in ("fixed effect", "Hartung-Knapp"):
        assert abs(in_mcse(rows, 0, "trials", method)) < 4, method
