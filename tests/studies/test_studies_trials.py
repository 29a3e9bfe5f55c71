"""Flaws of trials that are not a bias of the comparison: looks at the data, and who is randomised."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.config.load import load, resolve, switched
from biasim.engine.plan import plan
from biasim.engine.replicate import cohorts, replicate, view
from biasim.engine.run import run
from biasim.engine.streams import Streams
from biasim.kernels.group_sequential import boundaries, exit_probabilities
from biasim.methods.trial_interim import trial_interim
from biasim.store.tables import read_table

pytestmark = pytest.mark.long


def test_looks_reach_the_limit_as_often_as_the_integral_says():
    """Five looks at 1.96, either side: 14.2 %; the deviates of a trial with many deaths are sums of normal increments."""
    study = load(resolve("trial_early_stop"))
    planned = plan(study.scenarios[2], study.seed)
    look = partial(trial_interim, looks=5, boundary="uncorrected", stop_for="either")
    crossed = []
    for number in range(2_500):
        streams = Streams(study.seed, number)
        observed = view(planned, planned.designs[0], cohorts(planned, streams)[0], streams)
        crossed.append(look(observed).diagnostics["crossed"])
    fifths = tuple(k / 5 for k in range(1, 6))
    level = exit_probabilities(np.array(fifths), np.array(boundaries(fifths, "uncorrected"))).sum()
    assert level == pytest.approx(0.142, abs=0.0005)
    assert abs(np.mean(crossed) - level) < 3 * sqrt(level * (1 - level) / len(crossed))


def paired(study, replicates):
    """Estimates of both designs on the same cohorts, shape (replicates, 2)."""
    planned = plan(study.scenarios[0], study.seed)
    rows = [[row.estimate for row in replicate(planned, number)] for number in range(replicates)]
    assert all(one.status is Status.OK for row in rows for one in row)
    return np.array([[one.estimate for one in row] for row in rows])


def difference_in_mcse(pairs):
    moved = pairs[:, 0] - pairs[:, 1]
    return moved.mean() / (moved.std(ddof=1) / sqrt(len(moved)))


def test_a_trial_of_responders_answers_for_responders(tmp_path):
    study = load(resolve("trial_responders"))
    assert difference_in_mcse(paired(study, 600)) < -10.0
    everyone = paired(switched(study, "only responders randomised"), 20)
    assert np.array_equal(everyone[:, 0], everyone[:, 1])
    nothing = replace(study, scenarios=(study.scenarios[2],))
    assert nothing.scenarios[0].varied == {"effect.subgroup.hazard_ratio": 1.0}
    assert abs(difference_in_mcse(paired(nothing, 600))) < 4.0
    table = read_table(run(study, results=tmp_path, workers=1, replicates=400) / "tables" / "performance.csv")
    own = [row for row in table if row["measure"] == "bias"]
    assert len(own) == 6
    for row in own:  # each trial is right about the women it randomises
        assert abs(float(row["value"])) < 4.0 * float(row["mcse"]), row
