"""`biasim sensitivity` as a user types it."""

import subprocess
import sys
from pathlib import Path

BIASIM = Path(sys.executable).parent / "biasim"
ROOT = Path(__file__).parents[2]


def biasim(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIASIM, "sensitivity", *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_stored_results_are_explained() -> None:
    told = biasim("paradox", "--design", "registry", "--method", "adjusted")
    assert told.returncode == 0, told.stderr
    for words in ("E-value", "Bounding factor (Ding and VanderWeele)", "Lin, Psaty and Kronmal"):
        assert words in told.stdout
    assert "registry, adjusted: hazard ratio 0." in told.stdout
    assert all(len(line.rstrip()) <= 110 for line in told.stdout.splitlines())
    assert "matched" not in told.stdout


def test_one_replicate_is_rebuilt() -> None:
    told = biasim("confounding_by_indication", "--replicate", "0", "--design", "registry")
    assert told.returncode == 0, told.stderr
    assert "replicate 0" in told.stdout
    assert "--design NAME --method LABEL" in told.stdout


def test_an_interval_with_one_inside_needs_nothing_hidden() -> None:
    told = biasim("paradox", "--design", "trial")
    assert "the interval includes 1 as it is" in told.stdout


def test_wrong_names_are_refused() -> None:
    wrong = biasim("paradox", "--method", "adjustet")
    assert wrong.returncode == 1
    assert "Did you mean 'adjusted'?" in wrong.stderr
    assert biasim("paradocs").returncode == 1
