"""`biasim solve` as a user types it."""

import csv
import os
import subprocess
import sys
from pathlib import Path

BIASIM = Path(sys.executable).parent / "biasim"
ROOT = Path(__file__).parents[2]
FEW = ("--replicates", "6", "--size", "600", "--workers", "1")
HIDDEN = ("--unknown", "treatment.by_preference.hidden_odds_ratio", "--between", "0.1,1")
STRENGTH = ("--unknown", "patients.two_scores_with_marks.hidden_log_ratio", "--between", "0.1,1.2")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIASIM, *words], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


def biasim(*words: str) -> subprocess.CompletedProcess[str]:
    return run("solve", *words)


def test_one_unknown_against_a_published_study(tmp_path: Path) -> None:
    told = biasim("hidden_confounding", *HIDDEN, "--published", "khan2002_ncdb", *FEW, "--results", str(tmp_path))
    assert told.returncode == 0, told.stderr
    for words in ("unknown: treatment.by_preference.hidden_odds_ratio between 0.1 and 1", "a hazard ratio of 0.61 (0.58 to 0.65)",
                  "where surgery does nothing", "6 replicates of 600 patients a point", "can arise with",
                  "95% Monte Carlo interval", "Plausibility ruler", "times as strong as 'recorded score'", "E-value",
                  "Lin, Psaty and Kronmal"):  # fmt: skip
        assert words in told.stdout, words
    assert all(len(line.rstrip()) <= 110 for line in told.stdout.splitlines() if str(tmp_path) not in line)
    with (tmp_path / "hidden_confounding" / "tables" / "solution.csv").open(newline="") as file:
        kinds = [row["kind"] for row in csv.DictReader(file)]
    assert kinds == ["target", *["scan"] * 9, "root", "limits"]
    figures = {file.name for file in (tmp_path / "hidden_confounding" / "figures").iterdir()}
    assert figures == {*(f"solution.{kind}" for kind in ("svg", "pdf", "png", "csv")), "captions.json"}


def test_two_unknowns(tmp_path: Path) -> None:
    few = ("--replicates", "4", "--size", "400", "--workers", "1")
    told = biasim("hidden_confounding", *HIDDEN, *STRENGTH, "--hazard-ratio", "0.61", *few, "--out", str(tmp_path / "own.csv"))
    assert told.returncode == 0, told.stderr
    assert "Along this curve a hazard ratio of 0.61 can arise" in told.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["own.csv"]


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    nothing = biasim("stage_migration")
    assert nothing.returncode == 1
    assert "no 'solve'. Write it in the file, or say --unknown, --between and --hazard-ratio" in nothing.stderr
    path = biasim("stage_migration", "--unknown", "patients.two_scores.occult_shar", "--between", "0,1", "--hazard-ratio", "0.9")
    assert path.returncode == 1
    assert "Did you mean 'occult_share'?" in path.stderr
    share = ("--unknown", "patients.two_scores.occult_share")
    text = biasim("stage_migration", *share, "--between", "much", "--hazard-ratio", "0.9")
    assert "--between much: two numbers are expected" in text.stderr
    away = biasim("hidden_confounding", *HIDDEN, "--hazard-ratio", "0.2", *FEW, "--out", str(tmp_path / "own.csv"))
    assert away.returncode == 0
    assert "No value in this range" in away.stdout


def test_what_is_no_file_is_not_written_over(tmp_path: Path) -> None:
    """A pipe stands for whatever is there and is no file: renaming a table over it would take it away."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for command in ("solve", "attribute"):
        told = run(command, "hidden_confounding", "--out", str(pipe))
        assert told.returncode == 1
        assert "this is no regular file" in told.stderr
    told = run("diff", "immortal_time", "hidden_confounding", "--out", str(pipe))
    assert (told.returncode, "this is no regular file" in told.stderr) == (1, True)
    assert pipe.is_fifo()
