"""What is written: every format, the numbers, the words, and the same bytes whenever it is drawn."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from biasim.figures._tables import Tables, read
from biasim.figures.draw import draw_all, drawings
from biasim.figures.drawing import write
from biasim.figures.person_time import person_time

AGAIN = """
import sys
from pathlib import Path
from biasim.figures._tables import Tables, read
from biasim.figures.drawing import write
from biasim.figures.person_time import person_time
write(person_time(read(sys.argv[1]), "registry"), Path(sys.argv[2]), "person_time_registry")
"""


@pytest.fixture(scope="module")
def drawn(plain_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "paradox"
    shutil.copytree(plain_study, folder)
    draw_all(folder)
    return folder / "figures"


def digests(folder: Path, name: str) -> dict[str, str]:
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob(f"{name}.*"))}


def test_each_figure_has_all_its_files_and_words(drawn: Path) -> None:
    told = json.loads((drawn / "captions.json").read_text())
    assert {"forest", "survival_curves_registry", "person_time_landmark", "love_registry"} <= set(told)
    files = {file for words in told.values() for file in words["files"]} | {"captions.json"}
    assert files == {file.name for file in drawn.iterdir()}
    assert {Path(file).suffix for file in files} == {".svg", ".pdf", ".png", ".csv", ".json"}
    assert all(words["title"] and words["caption"] and words["alt"] for words in told.values())


def test_designs_with_the_same_rows_are_drawn_once(drawn: Path) -> None:
    assert (drawn / "person_time_landmark.svg").exists()
    assert not (drawn / "person_time_trial.svg").exists()  # the made-up trial has the landmark's patients


def test_the_same_patients_with_another_exposure_are_drawn_again(plain_study: Path) -> None:
    tables = read(plain_study)
    risk = tables.need("at_risk").copy()
    risk.loc[(risk["design"] == "trial") & (risk["group"] == "exposed") & (risk["month"] == 0), "at_risk"] = 0
    again = Tables(frames={"person_time": tables.need("person_time"), "at_risk": risk})
    assert "person_time_trial" in [name for name, _ in drawings(again)]


def test_files_say_nothing_of_time_or_program(drawn: Path) -> None:
    assert b"<dc:date>" not in (drawn / "forest.svg").read_bytes()
    pdf = (drawn / "forest.pdf").read_bytes()
    assert not any(word in pdf for word in (b"CreationDate", b"Producer", b"Creator"))
    assert b"Software" not in (drawn / "forest.png").read_bytes()[:200]


def test_png_has_300_dots_an_inch(drawn: Path) -> None:
    header = (drawn / "love_registry.png").read_bytes()
    assert int.from_bytes(header[16:20], "big") == int(85 / 25.4 * 300)


def test_same_bytes_on_a_second_run_whatever_the_settings(drawn: Path, plain_study: Path, tmp_path: Path) -> None:
    import matplotlib

    with matplotlib.rc_context({"font.size": 20, "axes.grid": True, "svg.hashsalt": "other"}):
        write(person_time(read(plain_study), "registry"), tmp_path, "person_time_registry")
    assert digests(tmp_path, "person_time_registry") == digests(drawn, "person_time_registry")


def test_same_bytes_in_another_process(drawn: Path, plain_study: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", AGAIN, str(plain_study), str(tmp_path)], check=True)
    assert digests(tmp_path, "person_time_registry") == digests(drawn, "person_time_registry")


def test_numbers_under_a_figure_are_the_tables(drawn: Path, plain_study: Path) -> None:
    under = pd.read_csv(drawn / "love_registry.csv")
    stored = pd.read_csv(plain_study / "tables" / "balance.csv").query("design == 'registry'").reset_index(drop=True)
    pd.testing.assert_frame_equal(under, stored)


def test_figures_no_longer_drawn_are_removed(plain_study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    (folder / "tables").mkdir(parents=True)
    shutil.copy(plain_study / "tables" / "balance.csv", folder / "tables")
    place = folder / "figures"
    place.mkdir()
    (place / "captions.json").write_text(json.dumps({"old": {}}))
    for name in ("old.svg", "mine.svg"):
        (place / name).write_text("")
    draw_all(folder)
    assert not (place / "old.svg").exists()
    assert (place / "mine.svg").exists()
    assert (place / "love_registry.svg").exists()


def test_a_study_that_varies_gets_its_bias_figures(varied_study: Path) -> None:
    names = [name for name, _ in drawings(read(varied_study))]
    assert names[:2] == ["forest", "bias_by_parameter"]
    assert "bias_by_parameter_rmst_difference_horizon_60" in names
