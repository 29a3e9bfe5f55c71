"""`biasim diff` as a user types it."""

import csv
import subprocess
import sys
from pathlib import Path

BIASIM = Path(sys.executable).parent / "biasim"
ROOT = Path(__file__).parents[2]


def biasim(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIASIM, "diff", *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_two_designs_of_one_study(tmp_path: Path) -> None:
    few = ("--replicates", "5", "--size", "400", "--workers", "1", "--out", str(tmp_path / "numbers.csv"))
    told = biasim("immortal_time:registry", "immortal_time:landmark", *few)
    assert told.returncode == 0, told.stderr
    for words in ("What differs", "immortal_time.yaml:19", "operated_by_time_zero", "What each line is worth", "with 1",
                  "5 replicates of 400 patients", "B: whole difference", "Does not touch"):  # fmt: skip
        assert (words in told.stdout) == (words != "Does not touch"), words
    assert all(len(line.rstrip()) <= 100 for line in told.stdout.splitlines() if "numbers" not in line)
    with (tmp_path / "numbers.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 4


def test_two_studies() -> None:
    told = biasim("confounding_by_indication", "stage_migration", "--replicates", "3", "--size", "200", "--workers", "1")
    assert told.returncode == 0, told.stderr
    assert "A  confounding_by_indication:registry, cox  (configs/confounding_by_indication.yaml)" in told.stdout
    assert "Does not touch these two analyses" in told.stdout
    assert "designs.known_at_diagnosis" in told.stdout
    assert all(len(line.rstrip()) <= 100 for line in told.stdout.splitlines())


def test_equal_studies_are_said_to_be_equal() -> None:
    told = biasim("paradox", "paradox")
    assert told.returncode == 0
    assert "Equal: no line differs" in told.stdout


def test_wrong_names_are_refused_where_they_stand() -> None:
    wrong = biasim("paradox:regis", "paradox")
    assert wrong.returncode == 1
    assert "configs/paradox.yaml:12: no design called 'regis'. Did you mean 'registry'?" in wrong.stderr
    assert "Did you mean 'matched'?" in biasim("paradox", "paradox", "--method", "matchd").stderr
    assert "Did you mean 'paradox'?" in biasim("paradox", "paradocs").stderr
