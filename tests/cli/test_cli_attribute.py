"""`biasim attribute` as a user types it."""

import csv
import re
import subprocess
import sys
from pathlib import Path

BIASIM = Path(sys.executable).parent / "biasim"
ROOT = Path(__file__).parents[2]
FEW = ("--replicates", "4", "--size", "400", "--workers", "1")


def biasim(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIASIM, *words], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


def test_paradox_by_mechanism(tmp_path: Path) -> None:
    told = biasim("attribute", "configs/paradox.yaml", *FEW, "--results", str(tmp_path))
    assert told.returncode == 0, told.stderr
    for words in ("paradox:registry, crude", "4 replicates of 400 patients", "16 sets of mechanisms", "not switched",
                  "responders selected", "one at a time", "can arise where the truth is 1.000"):  # fmt: skip
        assert words in told.stdout, words
    assert all(len(line.rstrip()) <= 105 for line in told.stdout.splitlines() if str(tmp_path) not in line)
    with (tmp_path / "paradox" / "tables" / "attribution.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7
    figures = tmp_path / "paradox" / "figures"
    assert {file.name for file in figures.iterdir()} == {*(f"attribution.{kind}" for kind in ("svg", "pdf", "png", "csv")),
                                                         "captions.json"}  # fmt: skip
    before = (figures / "attribution.svg").read_bytes()
    again = biasim("figures", "paradox", "--results", str(tmp_path))
    assert again.returncode == 0, again.stderr
    assert (figures / "attribution.svg").read_bytes() == before


def test_a_table_of_its_own(tmp_path: Path) -> None:
    told = biasim("attribute", "paradox:landmark", *FEW, "--out", str(tmp_path / "own.csv"))
    assert told.returncode == 0, told.stderr
    assert re.search("immortal time +0 exactly .* 0 exactly +0 exactly", told.stdout)
    assert [file.name for file in tmp_path.iterdir()] == ["own.csv"]


def test_wrong_names_are_refused() -> None:
    wrong = biasim("attribute", "paradox", "--method", "crud")
    assert wrong.returncode == 1
    assert "Did you mean 'crude'?" in wrong.stderr
    assert "Did you mean 'landmark'?" in biasim("attribute", "paradox:landmrk").stderr
