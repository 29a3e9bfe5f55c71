"""Studies of the record and of trials that went wrong: what each analysis survives, and the integrals beside the stored means."""

from __future__ import annotations

import csv
from math import inf
from pathlib import Path

import pytest

from biasim.config.load import load, resolve
from biasim.engine.run import run

RESULTS = Path(__file__).parents[2] / "results"
STUDIES = ("missing_covariates", "measurement_error", "trial_crossover", "trial_imbalance")

# (study, scenario, design, method) -> the limit of Cox regression, by the integrals of tests/truth, over 60 months
LIMITS = {
    ("missing_covariates", 0, "registry", "missing indicator"): -0.1225,
    ("missing_covariates", 1, "registry", "missing indicator"): -0.0632,
    ("measurement_error", 0, "registry", "crude"): -0.2789,
    ("measurement_error", 0, "registry", "adjusted"): -0.1261,
    ("measurement_error", 1, "registry", "adjusted"): -0.0660,
    ("measurement_error", 0, "in_two_classes", "adjusted"): -0.1046,
    ("measurement_error", 0, "in_five_classes", "adjusted"): -0.0266,
    ("measurement_error", 0, "known_better_in_operated", "adjusted"): -0.1577,
    ("measurement_error", 0, "known_better_by_a_coin", "adjusted"): -0.0637,
    ("trial_imbalance", 0, "unbalanced", "unadjusted"): -0.1439,
    ("trial_imbalance", 1, "unbalanced", "unadjusted"): -0.2899,
    ("trial_imbalance", 0, "unbalanced_unseen", "unadjusted"): -0.0958,
    ("trial_imbalance", 0, "unbalanced_unseen", "adjusted"): -0.1106,
}
BIASED = {  # beyond 10 MCSE, and in which direction
    ("missing_covariates", "registry", "missing indicator"): -1,
    ("missing_covariates", "by_what_is_known", "missing indicator"): 1,
    ("missing_covariates", "by_what_is_known", "complete cases"): 1,
    ("missing_covariates", "by_what_is_missing", "missing indicator"): -1,
    ("missing_covariates", "by_what_is_missing", "multiple imputation"): -1,
    ("measurement_error", "registry", "adjusted"): -1,
    ("measurement_error", "registry", "matched"): -1,
    ("measurement_error", "registry", "weighted"): -1,
    ("measurement_error", "in_two_classes", "adjusted"): -1,
    ("measurement_error", "known_better_in_operated", "adjusted"): -1,
    ("measurement_error", "known_better_by_a_coin", "adjusted"): -1,
    ("trial_crossover", "by_what_was_done", "as treated"): -1,
    ("trial_crossover", "by_what_was_done", "as treated, over time"): -1,
    ("trial_crossover", "by_what_was_done", "per protocol"): -1,
    ("trial_crossover", "by_what_was_done", "departures censored"): -1,
    ("trial_crossover", "weighted", "departures censored and weighted"): -1,
    ("trial_imbalance", "unbalanced", "unadjusted"): -1,
    ("trial_imbalance", "unbalanced_unseen", "adjusted"): -1,
}
RIGHT = [  # within 4 MCSE
    ("missing_covariates", "registry", "complete cases"),
    ("missing_covariates", "registry", "multiple imputation"),
    ("missing_covariates", "by_what_is_known", "multiple imputation"),
    ("missing_covariates", "by_what_is_missing", "complete cases"),
    ("missing_covariates", "complete", "everybody"),
    ("measurement_error", "known_better_by_a_coin", "crude"),
    ("measurement_error", "checked_in_part", "those checked alone"),
    ("measurement_error", "checked_in_part", "multiple imputation"),
    ("trial_crossover", "by_arm", "intention to treat"),
    ("trial_crossover", "by_arm", "rank-preserving"),
    ("trial_crossover", "weighted_by_all_reasons", "departures censored and weighted"),
    ("trial_imbalance", "unbalanced", "adjusted"),
    ("trial_imbalance", "unbalanced", "weighted"),
    ("trial_imbalance", "by_chance", "unadjusted"),
    ("trial_imbalance", "by_chance", "adjusted"),
]


def biases(folder: Path) -> dict[tuple[int, str, str], tuple[float, float]]:
    with (folder / "tables" / "performance.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["measure"] == "bias"]
    return {(int(row["scenario"]), row["design"], row["method"]): (float(row["value"]), float(row["mcse"])) for row in rows}


@pytest.mark.parametrize("name", STUDIES)
def test_every_design_says_what_it_expects_and_its_first_analysis_does_it(name: str) -> None:
    study, stored = load(resolve(name)), biases(RESULTS / name)
    designs = study.scenarios[0].designs
    assert set(study.expect) == set(designs)
    for design, wanted in study.expect.items():
        value, mcse = stored[0, design, next(iter(designs[design].methods))]
        low, high = {"favours surgery": (-inf, -4.0), "none": (-4.0, 4.0), "against surgery": (4.0, inf)}[wanted]
        assert low <= value / mcse <= high, (design, value, mcse)


@pytest.mark.parametrize("place", LIMITS, ids=lambda place: " ".join(map(str, place)))
def test_stored_means_are_what_the_integrals_say(place: tuple[str, int, str, str]) -> None:
    name, *rest = place
    value, mcse = biases(RESULTS / name)[tuple(rest)]
    assert abs(value - LIMITS[place]) < 3.0 * mcse, (value, LIMITS[place], mcse)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory):
    """study -> its biases from a run of 200 replicates, 1,000 of small trials."""
    folder = tmp_path_factory.mktemp("results")
    kept: dict[str, dict] = {}

    def of(name: str) -> dict[tuple[int, str, str], tuple[float, float]]:
        if name not in kept:
            replicates = 1000 if name == "trial_imbalance" else 200
            kept[name] = biases(Path(run(load(resolve(name)), results=folder, workers=1, replicates=replicates)))
        return kept[name]

    return of


@pytest.mark.long
@pytest.mark.parametrize("place", BIASED, ids=" ".join)
def test_an_analysis_that_fails_does_so_beyond_ten_mcse(fresh, place: tuple[str, str, str]) -> None:
    name, *rest = place
    value, mcse = fresh(name)[0, *rest]
    assert BIASED[place] * value / mcse > 10.0, (value, mcse)


@pytest.mark.long
@pytest.mark.parametrize("place", RIGHT, ids=" ".join)
def test_an_analysis_that_survives_is_within_four_mcse(fresh, place: tuple[str, str, str]) -> None:
    name, *rest = place
    value, mcse = fresh(name)[0, *rest]
    assert abs(value / mcse) < 4.0, (value, mcse)
