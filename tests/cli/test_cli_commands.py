"""The commands as a user types them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BIASIM = Path(sys.executable).parent / "biasim"
CONFIGS = Path(__file__).parents[2] / "configs"

SMALL = """\
study: small
aim: a study for tests
world: two_scores
designs:
  registry:
    time_zero: diagnosis
    exposure: ever_operated
    measurement: registry
    follow_up: {months: {months: 60}}
    methods: [cox]
estimands: [marginal_log_hazard_ratio]
performance: [mean, bias, coverage, rejection]
run: {size: 200, replicates: 6, seed: 1}
"""


def biasim(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIASIM, *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SMALL)
    return tmp_path


def test_simulate_prints_the_table_and_finds_its_shards_again(small: Path) -> None:
    first = biasim("simulate", "small.yaml", "--no-figures", "--workers", "1", folder=small)
    assert first.returncode == 0, first.stderr
    assert "bias of log HR" in first.stdout
    performance = small / "results" / "small" / "tables" / "performance.csv"
    before = performance.read_bytes()
    shards = {path: path.stat().st_mtime_ns for path in (small / "results").rglob("*.parquet")}
    assert shards
    again = biasim("simulate", "small.yaml", "--no-figures", "--workers", "1", folder=small)
    assert again.stdout == first.stdout
    assert performance.read_bytes() == before
    assert {path: path.stat().st_mtime_ns for path in (small / "results").rglob("*.parquet")} == shards


def test_show_needs_results_and_then_prints_what_simulate_printed(small: Path) -> None:
    missing = biasim("show", "small", folder=small)
    assert missing.returncode == 1
    assert "no results" in missing.stderr
    simulated = biasim("simulate", "small.yaml", "--no-figures", "--workers", "1", folder=small)
    shown = biasim("show", "small", folder=small)
    table = shown.stdout.split("In brackets")[0]
    assert table
    assert table in simulated.stdout


def test_explain_names_the_line_that_is_the_bias(small: Path) -> None:
    told = biasim("explain", "small.yaml", folder=small)
    assert told.returncode == 0, told.stderr
    assert "small.yaml:7" in told.stdout
    assert "ever_operated" in told.stdout
    assert "immortal" in told.stdout
    assert not (small / "results").exists()


def test_replay_rebuilds_one_replicate(small: Path) -> None:
    replayed = biasim("replay", "small.yaml", "--replicate", "3", folder=small)
    assert replayed.returncode == 0, replayed.stderr
    assert "replicate 3" in replayed.stdout
    assert biasim("replay", "small.yaml", "--scenario", "9", folder=small).returncode == 1


def test_a_wrong_study_is_refused_with_its_place_and_nothing_runs(small: Path) -> None:
    (small / "small.yaml").write_text(SMALL.replace("ever_operated", "ever_operatd").replace("size: 200", "size: yes"))
    refused = biasim("simulate", "small.yaml", folder=small)
    assert refused.returncode == 1
    assert "small.yaml:7:" in refused.stderr
    assert "ever_operated" in refused.stderr
    assert "2 mistakes; nothing has run." in refused.stderr
    assert not (small / "results").exists()


def test_an_unknown_study_names_the_near_one(small: Path) -> None:
    refused = biasim("check", str(CONFIGS / "immortal_tyme.yaml"), folder=small)
    assert refused.returncode == 1
    assert "immortal_time" in refused.stderr


def test_parts_lists_every_room_and_describes_one_part(small: Path) -> None:
    listed = biasim("parts", folder=small)
    assert all(room in listed.stdout for room in ("patients", "exposure", "methods", "performance"))
    described = biasim("parts", "treatment.by_prognosis", folder=small)
    assert "median_wait" in described.stdout
    assert biasim("parts", "methods.coxx", folder=small).returncode == 1


def test_parts_finds_a_part_without_its_room(small: Path) -> None:
    assert "median_wait" in biasim("parts", "by_prognosis", folder=small).stdout
    both = biasim("parts", "randomised", folder=small).stdout
    assert "treatment.randomised" in both
    assert "eligibility.randomised" in both
    wrong = biasim("parts", "by_prognosys", folder=small)
    assert wrong.returncode == 1
    assert "Did you mean 'by_prognosis'?" in wrong.stderr


def test_a_copy_that_kept_its_name_does_not_overwrite_the_first_ones_results(small: Path) -> None:
    assert biasim("simulate", "small.yaml", "--no-figures", folder=small).returncode == 0
    before = (small / "results" / "small" / "study.yaml").read_text()
    (small / "copied.yaml").write_text(SMALL.replace("size: 200", "size: 100"))
    refused = biasim("simulate", "copied.yaml", "--no-figures", folder=small)
    assert refused.returncode == 1
    assert "small.yaml" in refused.stderr
    assert "study: copied" in refused.stderr
    assert (small / "results" / "small" / "study.yaml").read_text() == before


def test_verify_agrees_with_lifelines(small: Path) -> None:
    verified = biasim("verify", "--cohorts", "4", folder=small)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "against lifelines" in verified.stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; import biasim.cli.app; "
        "print([m for m in ('numpy', 'pandas', 'scipy', 'matplotlib', 'lifelines', 'duckdb') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_precision_is_refused_where_no_bias_is_on_the_log_scale(small: Path) -> None:
    (small / "small.yaml").write_text(SMALL.replace("methods: [cox]", "methods: [kaplan_meier]").replace(
        "[marginal_log_hazard_ratio]", "[{survival_difference: {at: 36}}]"
    ))
    refused = biasim("simulate", "small.yaml", "--precision", "0.01", "--no-figures", folder=small)
    assert refused.returncode == 1
    assert "log hazard ratio" in refused.stderr


def test_show_takes_the_file_of_a_study_whatever_it_is_called(small: Path) -> None:
    (small / "small.yaml").rename(small / "other.yaml")
    assert biasim("simulate", "other.yaml", "--no-figures", "--workers", "1", folder=small).returncode == 0
    assert biasim("show", "other.yaml", folder=small).returncode == 0


def test_analyses_without_an_estimate_are_named_with_the_reason(small: Path) -> None:
    rare = "    eligibility: {column: {name: recorded_score, low: 3.2}}\n    time_zero"  # some women, but hardly one in 200
    (small / "small.yaml").write_text(SMALL.replace("    time_zero", rare))
    told = biasim("simulate", "small.yaml", "--no-figures", folder=small)
    assert told.returncode == 0, told.stderr
    assert "registry, cox: 5 without an estimate, no patients" in told.stdout
    assert "no patient is eligible" in told.stdout


def test_a_study_that_can_answer_nothing_is_refused(small: Path) -> None:
    (small / "small.yaml").write_text(SMALL.replace("{months: {months: 60}}", "{calendar: {until: 1990}}"))
    told = biasim("simulate", "small.yaml", "--no-figures", folder=small)
    assert told.returncode == 1
    assert "designs.registry.follow_up: none of the 20,000 eligible" in told.stderr
    assert not (small / "results").exists()


def test_a_precision_that_was_not_reached_is_told(small: Path) -> None:
    told = biasim("simulate", "small.yaml", "--precision", "0.001", "--replicates", "10", "--no-figures", folder=small)
    assert "the precision was not reached with 10 replicates" in told.stdout


def test_no_number_of_a_table_is_cut_off(small: Path) -> None:
    long_name = "an analysis with a very long name that says everything about what was done and why it was done so"
    (small / "small.yaml").write_text(SMALL.replace("methods: [cox]", f"methods: {{{long_name}: cox}}"))
    biasim("simulate", "small.yaml", "--no-figures", folder=small)
    for words in (("show", "small"), ("replay", "small.yaml")):
        assert "\N{HORIZONTAL ELLIPSIS}" not in biasim(*words, folder=small).stdout, words


def test_a_second_run_leaves_the_manifest_as_it_was(small: Path) -> None:
    biasim("simulate", "small.yaml", "--no-figures", folder=small)
    before = (small / "results" / "small" / "manifest.json").read_bytes()
    biasim("simulate", "small.yaml", "--no-figures", folder=small)
    assert (small / "results" / "small" / "manifest.json").read_bytes() == before
