"""`biasim evidence` as a user types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biasim.cli.app import app
from biasim.evidence.catalogue import TABLES

BIASIM = Path(sys.executable).parent / "biasim"


def told(*words: str) -> str:
    result = CliRunner().invoke(app, ["evidence", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_lists_the_tables_with_what_was_seen() -> None:
    done = subprocess.run([BIASIM, "evidence"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    cells = {line.split()[0]: line.split()[-4:] for line in done.stdout.splitlines() if line.split()[:1]}
    assert cells["retrospective"] == ["49", "48", "1", "-"]
    assert cells["calibration"] == ["373", "357", "4", "12"]
    assert set(TABLES) <= set(cells)


@pytest.mark.parametrize("table", list(TABLES))
def test_a_table_is_whole_and_fits_100_columns(table: str) -> None:
    text = told(table)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 100
    assert "…" not in text
    ids = [line.split()[0] for line in text.splitlines() if line[:1].strip()]
    assert [row.id for row in TABLES[table].rows] == [id for id in ids if id in TABLES[table].read()]


def test_a_row_tells_citation_level_and_what_is_recalled() -> None:
    text = told("e2108_khan2022")
    assert text.startswith("Khan 2022: HR 1.11 (0.77 to 1.60) ‡")
    assert "Khan, J Clin Oncol, 2022. doi:10.1200/JCO.21.02006" in text
    assert "PMC8937009" in text
    assert "0.82 to 1.52" in text
    assert "90 %" in text
    assert "years start: 2011 †" in text
    assert "triple negative: HR 3.50 (1.16 to 10.57) †" in text


def test_kinds_and_provenance_choose_rows() -> None:
    trials = told("--kind", "trial", "--seen")
    assert "carmena2018" in trials
    assert "tata_badwe2015" in trials
    assert "khan2002_ncdb" not in trials
    assert "bometin2025" in told("retrospective", "--kind", "prospective")
    assert "khan2002_ncdb" not in told("retrospective", "--kind", "prospective")
    recalled = told("retrospective", "--recalled")
    assert recalled.startswith("retrospective: 1 row ")
    assert "rashaan2012_nl" in recalled
    assert "rashaan2012_nl" not in told("retrospective", "--seen")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("khan2002_ncbd",), "Did you mean 'khan2002_ncdb'?"),
        (("trails",), "Did you mean 'trials'?"),
        (("--kind", "trail"), "Did you mean 'trial'?"),
        (("trail", "--seen"), "Did you mean 'trials'?"),
    ],
)
def test_a_mistyped_word_names_the_likely_one(words: tuple[str, ...], hint: str) -> None:
    result = CliRunner().invoke(app, ["evidence", *words])
    assert result.exit_code == 1
    assert hint in result.output
