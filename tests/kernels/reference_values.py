"""The values of R that the tests of this folder are held against."""

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "reference"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
MORE = json.loads((FOLDER / "more_km" / "expected.json").read_text())
LALONDE = EXPECTED["ps"]["lalonde"]


@cache
def table(file):
    """Columns of a reference file: floats (empty is nan) where every cell is a number, strings otherwise."""
    with (FOLDER / file).open() as lines:
        rows = list(csv.DictReader(lines))
    columns = {}
    for name in rows[0]:
        cells = [row[name] for row in rows]
        try:
            columns[name] = np.array([float(cell) if cell not in ("", "NA") else np.nan for cell in cells])
        except ValueError:
            columns[name] = np.array(cells)
    return columns


def lalonde():
    """Covariates (n, 8), exposed, and the exported propensity score and logit."""
    data, scores = table("lalonde.csv"), table("ps_weights_lalonde.csv")
    covariates = np.column_stack([data[name] for name in LALONDE["covariates"]])
    return covariates, data["treat"] == 1, scores["ps"], scores["logit"]


def by_name(values):
    return np.array([values[name] for name in LALONDE["covariates"]])


def numbers(values, missing=np.nan):
    """A list of R as floats, NA as `missing`."""
    listed = values if isinstance(values, list) else [values]
    return np.array([missing if value is None else value for value in listed], dtype=float)


def ids(cases):
    return [case["id"] if "tau" not in case else f"{case['id']}_{case['tau']:g}" for case in cases]
