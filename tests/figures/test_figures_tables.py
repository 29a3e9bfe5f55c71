"""What figures read: one row a method, words for names, units for axes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from biasim.errors import StoreError
from biasim.figures._tables import Tables, axis_title, difference, read, results, setting, varied, words


def long(**measures: tuple[float, float]) -> pd.DataFrame:
    same = {"scenario": 0, "design": "registry", "method": "cox", "estimand": "marginal_log_hazard_ratio", "truth": 0.1}
    rows = [{**same, "measure": m, "value": v, "mcse": e, "used": 9, "attempts": 10} for m, (v, e) in measures.items()]
    return pd.DataFrame(rows)


def test_one_row_a_method() -> None:
    truths = pd.DataFrame({"scenario": [0], "design": ["registry"], "estimand": ["marginal_log_hazard_ratio"],
                           "value": [0.1], "mcse": [0.02], "cohort_size": [1000]})  # fmt: skip
    tables = Tables(frames={"performance": long(mean=(-0.4, 0.01), coverage=(0.5, 0.1)), "truths": truths})
    row = results(tables).iloc[0]
    assert (row["mean"], row["mean_mcse"], row["coverage"], row["truth_mcse"]) == (-0.4, 0.01, 0.5, 0.02)
    assert (row["used"], row["attempts"]) == (9, 10)


def test_mean_is_truth_plus_bias_where_it_is_not_stored() -> None:
    row = results(Tables(frames={"performance": long(bias=(-0.5, 0.01))})).iloc[0]
    assert (row["mean"], row["mean_mcse"]) == (pytest.approx(-0.4), 0.01)
    assert np.isnan(row["truth_mcse"])


def test_words_and_units() -> None:
    assert words("cox_matched(ratio=2)") == "Cox matched (ratio=2)"
    assert words("kaplan_meier") == "Kaplan-Meier"
    assert words("rmst") == "RMST"
    assert words("hr_pos_her2_pos") == "HR pos HER2 pos"
    assert (words("cci2"), words("tnbc")) == ("CCI 2", "TNBC")
    assert axis_title("treatment.by_prognosis.median_wait") == "Median wait (months)"
    assert axis_title("run.size") == "Patients"
    assert axis_title("treatment.by_prognosis.odds_ratio") == "Odds ratio"
    assert difference("rmst_difference(horizon=60)") == ("Difference in mean survival to 60 months (months)", 1.0)
    assert difference("survival_difference(at=36)") == ("Difference in survival at 36 months (% points)", 100.0)


def test_what_varies(varied_study: Path, plain_study: Path) -> None:
    assert varied(read(varied_study)) == ["treatment.by_prognosis.odds_ratio", "treatment.by_prognosis.median_wait"]
    assert setting(read(varied_study), 5) == "odds ratio = 2, median wait (months) = 8"
    assert varied(read(plain_study)) == []
    assert setting(read(plain_study), 0) == ""


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="run the study first"):
        read(tmp_path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    with pytest.raises(StoreError, match=r"balance\.csv"):
        read(tmp_path).need("balance")
