"""Whole runs: any number of workers, interrupted or not, gives the same tables."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from biasim.engine import run as running
from biasim.engine.blocks import Block
from biasim.engine.failures import PartFailed, WorkerDied
from biasim.engine.prepare import prepare
from biasim.engine.replay import replay
from biasim.engine.replicate import columns
from biasim.engine.run import run
from biasim.engine.workers import Task, compute
from biasim.store.folder import Folder
from biasim.store.shards import connect, read_shard
from biasim.store.tables import read_table

HERE = Path(__file__).parent


def tables(folder):
    return {file.name: file.read_text() for file in sorted((folder / "tables").iterdir())}


def found(folder) -> list[int]:
    """Replicates of each scenario that were there already."""
    return list(json.loads((folder / "times.json").read_text())["found"].values())


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def shards(folder):
    return sorted((folder / "replicates").rglob("*.parquet"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """120 replicates of two scenarios in this process."""
    sys.path.insert(0, str(HERE))
    from conftest import study

    return run(study(waits=(2.0, 6.0), replicates=120), results=tmp_path_factory.mktemp("undisturbed"), workers=1)


@pytest.mark.parametrize("workers", [pytest.param(2, marks=pytest.mark.long), 3])
def test_the_number_of_workers_changes_nothing(make_study, undisturbed, tmp_path, monkeypatch, workers):
    monkeypatch.setattr("biasim.engine.workers.PATIENTS_WORTH_A_POOL", 0)
    seen = []
    folder = run(
        make_study(waits=(2.0, 6.0), replicates=120),
        results=tmp_path,
        workers=workers,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert tables(folder) == tables(undisturbed)
    assert seen[-1] == (240, 240)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_tables_are_complete_and_agree_with_the_shards(undisturbed):
    assert set(tables(undisturbed)) == {
        f"{name}.csv"
        for name in (
            "at_risk", "balance", "curves", "description", "diagram", "hazard_ratio", "performance", "person_time", "scenarios",
            "studies", "target_trial", "truths", "vibration",
        )
    }  # fmt: skip
    rows = {
        (row["design"], row["method"], row["measure"]): row
        for row in read_table(undisturbed / "tables" / "performance.csv")
        if row["scenario"] == "1"
    }
    stored = [read_shard(connect(), path) for path in shards(undisturbed) if path.parent.name.startswith("s001")]
    assert [len(one["replicate"]) for one in stored] == [250, 250, 100]
    values = np.concatenate([s["estimate"][(s["design"] == "trial") & (s["method"] == "cox")] for s in stored])
    high = np.concatenate([s["high"][(s["design"] == "trial") & (s["method"] == "cox")] for s in stored])
    bias = rows["trial", "cox", "bias"]
    assert float(bias["value"]) == pytest.approx(values.mean(), rel=1e-11)
    assert float(bias["mcse"]) == pytest.approx(values.std(ddof=1) / np.sqrt(120), rel=1e-11)
    assert (bias["used"], bias["attempts"], bias["truth"]) == ("120", "120", "0")
    assert float(rows["trial", "cox", "rejection"]["value"]) == pytest.approx((high < 0).mean(), rel=1e-11)
    months = np.concatenate([s["low"][s["method"] == "rmst"] for s in stored])
    assert float(rows["registry", "rmst", "rejection"]["value"]) == pytest.approx((months > 0).mean(), rel=1e-11)
    assert rows["registry", "rmst", "bias"]["estimand"] == "rmst_difference(horizon=24)"


def test_a_second_run_computes_nothing_and_a_longer_one_only_what_is_missing(make_study, tmp_path, monkeypatch):
    made = []
    block = running.run_block
    monkeypatch.setattr(running, "run_block", lambda plan, wanted: made.append(wanted) or block(plan, wanted))
    study = make_study()
    short = run(study, results=tmp_path, workers=1, replicates=70)
    assert made == [Block(0, 0, 49), Block(0, 50, 69)]
    first = tables(short)
    made.clear()
    run(study, results=tmp_path, workers=1, replicates=70)
    assert made == []
    assert tables(short) == first
    assert found(short) == [70]
    run(study, results=tmp_path, workers=1, replicates=120)
    assert made == [Block(0, 50, 99), Block(0, 100, 119)]
    made.clear()
    run(study, results=tmp_path, workers=1, replicates=70)
    assert made == []
    assert tables(short) == first


def test_a_changed_study_reads_no_stale_shard(make_study, tmp_path, monkeypatch):
    run(make_study(), results=tmp_path, workers=1, replicates=10)
    changed = [make_study(seed=2), make_study(size=151), make_study(waits=(5.0,))]
    for number, study in enumerate(changed, start=2):
        assert found(run(study, results=tmp_path, workers=1, replicates=10)) == [0]
        assert len(shards(tmp_path / "small")) == number
    monkeypatch.setattr("biasim.engine.keys.RESULTS", 99)
    assert found(run(make_study(), results=tmp_path, workers=1, replicates=10)) == [0]


def test_damaged_shards_are_replaced_and_the_manifest_says_so(make_study, undisturbed, tmp_path):
    study = make_study(waits=(2.0, 6.0), replicates=120)
    folder = run(study, results=tmp_path, workers=1)
    first, second, *_ = shards(folder)
    first.write_bytes(first.read_bytes()[:1000])
    second.write_bytes(b"")
    run(study, results=tmp_path, workers=1)
    assert tables(folder) == tables(undisturbed)
    assert [text.split(":")[0] for text in manifest(folder)["warnings"]] == [
        "scenario 0, replicates 0 to 49", "scenario 0, replicates 50 to 99",
    ]  # fmt: skip
    assert str(tmp_path) not in (folder / "manifest.json").read_text()


def test_a_replayed_replicate_equals_the_stored_one(make_study, undisturbed):
    again = columns(replay(make_study(waits=(2.0, 6.0)), scenario=1, replicate=57).rows)
    path = next(path for path in shards(undisturbed) if "s001" in str(path) and "000050" in path.name)
    stored = read_shard(connect(), path)
    rows = stored["replicate"] == 57
    for name, values in again.items():
        equal_nan = values.dtype.kind == "f"
        assert np.array_equal(values, stored[name][rows], equal_nan=equal_nan), name


KILLED = """
import sys
sys.path.insert(0, {here!r})
from conftest import study
from biasim.engine import workers
from biasim.engine.run import run
workers.PATIENTS_WORTH_A_POOL = 0
run(study(waits=(2.0, 6.0), replicates=120), results={results!r}, workers={workers})
"""


@pytest.mark.parametrize(
    ("workers", "how"),
    [
        pytest.param(1, signal.SIGKILL, marks=pytest.mark.long), (2, signal.SIGKILL), (2, signal.SIGINT),
    ],
)
def test_killed_in_the_middle_and_run_again(make_study, undisturbed, tmp_path, workers, how):
    script = KILLED.format(here=str(HERE), results=str(tmp_path), workers=workers)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, env=environment, text=True)
    deadline = time.monotonic() + 60
    while not shards(tmp_path / "small") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(how)
    said = process.communicate(timeout=60)[1]
    if how is signal.SIGINT and process.returncode != 0:
        assert "the same command goes on from there" in said
    session, kept = connect(), shards(tmp_path / "small")
    assert kept
    for path in kept:
        read_shard(session, path)
    folder = run(make_study(waits=(2.0, 6.0), replicates=120), results=tmp_path, workers=1)
    assert tables(folder) == tables(undisturbed)
    assert sum(found(folder)) >= 50


@pytest.mark.parametrize("workers", [1, 2])
def test_precision_stops_at_the_same_replicate_for_any_workers(make_study, tmp_path, monkeypatch, workers):
    monkeypatch.setattr("biasim.engine.workers.PATIENTS_WORTH_A_POOL", 0)
    folder = run(make_study(), results=tmp_path, workers=workers, precision=0.02)
    bias = {
        (row["design"], row["method"]): row
        for row in read_table(folder / "tables" / "performance.csv")
        if row["measure"] == "bias" and row["estimand"].endswith("log_hazard_ratio")
    }
    assert {row["attempts"] for row in bias.values()} == {"150"}
    assert all(float(row["mcse"]) <= 0.02 for row in bias.values())
    shorter = run(make_study(), results=tmp_path, workers=1, replicates=100)
    worst = max(
        float(row["mcse"])
        for row in read_table(shorter / "tables" / "performance.csv")
        if row["measure"] == "bias" and row["estimand"].endswith("log_hazard_ratio")
    )
    assert worst > 0.02


def test_a_precision_out_of_reach_ends_at_the_maximum_with_a_warning(make_study, tmp_path):
    folder = run(make_study(), results=tmp_path, workers=1, precision=1e-6, replicates=60)
    assert manifest(folder)["scenarios"][0]["replicates"] == 60
    assert manifest(folder)["warnings"] == ["scenario 0: the precision was not reached with 60 replicates"]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_in_a_worker_names_the_place_and_keeps_what_is_done(
    make_study, make_choice, tmp_path, monkeypatch, workers
):
    monkeypatch.setattr("biasim.engine.workers.PATIENTS_WORTH_A_POOL", 0)
    monkeypatch.setattr("biasim.engine.prepare.claims", lambda plan: {})
    study = make_study()
    study.scenarios[0].designs["trial"].methods["bad"] = make_choice("methods", "cox", adjust=("x",))
    with pytest.raises(PartFailed, match=r"scenario 0, replicate (0|50), design 'trial', bad"):
        run(study, results=tmp_path, workers=workers)


def test_a_worker_that_dies_is_named_with_its_block():
    tasks = [Task("scenario 0, replicates 0 to 49", 0, 1, len, ((),)), Task("scenario 4", 1, 10**9, os._exit, (9,))]
    answers = []
    with pytest.raises(WorkerDied, match=r"scenario 4 died \(exit code 9"):
        answers.extend((task.key, answer) for task, answer in compute(iter(tasks), 2))
    assert answers in ([], [(0, 0)])


def test_a_failed_analysis_is_counted_in_the_table_and_the_manifest(make_study, tmp_path):
    folder = run(make_study(waits=(4.0, 5000.0)), results=tmp_path, workers=1, replicates=10)
    rows = read_table(folder / "tables" / "performance.csv")
    failed = [row for row in rows if row["scenario"] == "1" and row["design"] == "registry"]
    assert {(row["used"], row["attempts"]) for row in failed} == {("0", "10")}
    assert {row["value"] for row in failed if row["measure"] == "bias"} == {""}
    assert {row["value"] for row in failed if row["measure"] == "convergence"} == {"0"}
    counted = [row for row in manifest(folder)["failures"] if row["method"] == "cox" and row["design"] == "registry"]
    assert [(row["scenario"], row["status"], row["count"], row["first"]) for row in counted] == [
        (1, "nobody exposed", 10, 0)
    ]


def test_workers_import_no_heavy_library():
    script = (
        "import sys, biasim.engine.workers, biasim.engine.replicate, biasim.engine.truth\n"
        "heavy = {'pandas', 'lifelines', 'matplotlib', 'duckdb', 'pydantic', 'scipy.stats'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or None)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_longer_shard_serves_a_shorter_last_block_without_its_surplus(make_study, tmp_path):
    study, folder = make_study(), Folder(tmp_path / "small")
    run(study, results=tmp_path, workers=1, replicates=50)
    one = prepare(study, folder, connect(), 20, 1e-6).scenarios[0]
    assert list(one.missing()) == []
    assert one.prefix.replicates == 20
    assert {len(np.concatenate(sample)) for sample in one.prefix.estimates.values()} == {20}
