"""The limit of a perfect study and the selection model: R's metafor, by hand, and what selection hides."""

import csv
from collections import defaultdict
from math import log, sqrt
from pathlib import Path

import numpy as np
import pytest

from biasim.kernels.pooling import pool
from biasim.kernels.selection import precision_effect, selection_model

FOLDER = Path(__file__).parents[1] / "reference" / "publication"
STUDIES, EXPECTED = defaultdict(list), defaultdict(dict)
with (FOLDER / "studies.csv").open(newline="") as file:
    for row in csv.DictReader(file):
        STUDIES[row["set"]].append((float(row["estimate"]), float(row["standard_error"])))
with (FOLDER / "expected.csv").open(newline="") as file:
    for row in csv.DictReader(file):
        EXPECTED[row["set"]][row["quantity"]] = float(row["value"])


@pytest.mark.parametrize("name", list(STUDIES))
def test_metafor(name):
    y, s = np.array(STUDIES[name]).T
    model, limit, wanted = selection_model(y, s), precision_effect(y, s), EXPECTED[name]
    assert limit.estimate == pytest.approx(wanted["precision_estimate"], rel=1e-9)
    assert (limit.low, limit.high) == pytest.approx((wanted["precision_low"], wanted["precision_high"]), rel=1e-9)
    assert model.estimate == pytest.approx(wanted["selection_estimate"], abs=2e-5)
    assert model.standard_error == pytest.approx(wanted["selection_error"], rel=2e-3)  # metafor's Hessian is numerical
    assert model.chance == pytest.approx(wanted["selection_chance"], rel=1e-3)


def test_three_studies_on_a_line_by_hand():
    """Estimates -0.1, -0.3, -0.5 at errors 0.1, 0.2, 0.3: twice the error below 0.1, which is the estimate without error."""
    found = precision_effect(np.array([-0.1, -0.3, -0.5]), np.array([0.1, 0.2, 0.3]))
    assert found.estimate == pytest.approx(0.1)
    assert found.standard_error == pytest.approx(0.0, abs=1e-12)


def test_with_studies_of_one_kind_there_is_nothing_to_model():
    s = np.array([0.1, 0.2, 0.3])
    assert np.isnan(selection_model(-3.0 * s, s).estimate)
    assert np.isnan(selection_model(0.0 * s, s).estimate)
    assert np.isnan(precision_effect(s[:2], s[:2]).estimate)
    assert np.isnan(precision_effect(s, np.full(3, 0.2)).estimate)


@pytest.mark.parametrize("effect", [0.0, log(0.8)])
def test_the_model_finds_what_selection_hides(effect):
    """400 studies, one in five of those not significant published: the plain pool is far off, the model is not."""
    rng = np.random.default_rng(8)
    s = rng.uniform(0.1, 0.4, 4000)
    y = rng.normal(effect, s)
    kept = np.flatnonzero((y < -1.959964 * s) | (rng.random(4000) < 0.2))[:400]
    plain, model = pool(y[kept], s[kept], heterogeneity="none"), selection_model(y[kept], s[kept])
    assert (plain.estimate - effect) / plain.standard_error < -4.0
    assert abs(model.estimate - effect) < 3.0 * model.standard_error
    assert model.chance == pytest.approx(0.2, rel=0.4)
    assert model.standard_error < 3.0 / sqrt((s[kept] ** -2).sum())
