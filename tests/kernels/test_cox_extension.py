"""The extension refuses what does not fit, and its risk sets are those of numpy."""

import subprocess
import sys

import numpy as np
import pytest
from cox_cases import random_case

from biasim.kernels import backend
from biasim.kernels._cox_risk_sets import risk_sets
from biasim.kernels._cox_rows import checked

BUILT = [backend.COX] if backend.COX is not None else []


def arguments():
    whole = np.arange(3)
    return [np.zeros((3, 1)), whole, whole, np.full(3, 3), np.ones(3, bool), np.array([0, 3]), whole[:0], None, None,
            np.zeros(1), np.zeros(1), np.zeros(1, bool), np.zeros((1, 1)), None, True, 0, 0]  # fmt: skip


WRONG = [
    (0, np.zeros(3)), (0, np.zeros((3, 1), np.float32)), (0, np.zeros((1, 3)).T[::-1]), (1, np.array([0, 1, 3])),
    (1, np.array([0, -1, 1])), (1, np.arange(2)), (2, np.array([0, 2, 1])), (2, np.array([0, 1, 9])),
    (3, np.array([3, 3, 4])), (3, np.array([0, 3, 3])), (4, np.ones(3)), (5, np.array([0])), (5, np.array([1, 3])),
    (6, np.array([3])), (7, np.ones(2)), (8, np.array([0, 0, 5])), (9, np.zeros(2)), (12, np.zeros((1, 2))),
]  # fmt: skip


@pytest.mark.parametrize("extension", BUILT)
@pytest.mark.parametrize(("place", "value"), WRONG)
def test_what_does_not_fit_is_refused(extension, place, value):
    inputs = arguments()
    extension.fit(*inputs)
    inputs[place] = value
    with pytest.raises((ValueError, BufferError)):
        extension.fit(*inputs)


@pytest.mark.parametrize("extension", BUILT)
def test_times_of_any_size_are_put_in_order(extension):
    rng = np.random.default_rng(0)
    for n in (1, 2, 10, 1000, 20000):
        wide = rng.normal(size=n) * 10.0 ** rng.integers(-300, 300, size=n)
        for time in (wide, np.round(wide, 1), np.where(rng.random(n) < 0.3, np.inf, -0.0), np.zeros(n), rng.random(n)):
            with backend.using("compiled"):
                ours = risk_sets(time, np.ones(n, bool), None, None)
            with backend.using("numpy"):
                np.testing.assert_array_equal(ours.rows, risk_sets(time, np.ones(n, bool), None, None).rows)


@pytest.mark.parametrize("extension", BUILT)
def test_risk_sets_are_those_of_numpy(extension):
    for seed in range(300):
        (time, event, x), options = random_case(seed)
        labels = {name: options.get(name) for name in ("entry", "weights", "strata", "cluster")}
        rows = checked(time, event, x, **labels)
        if not rows.event.any():
            continue
        with backend.using("numpy"):
            a = risk_sets(rows.time, rows.event, rows.entry, rows.strata)
        with backend.using("compiled"):
            b = risk_sets(rows.time, rows.event, rows.entry, rows.strata)
        for name in ("rows", "first", "last", "dead", "strata", "leaving"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=f"{seed}, {name}")
    out = [np.arange(2) for _ in range(3)]
    inputs = [
        np.ones(2),
        np.ones(2, bool),
        None,
        np.array([1, 2]),
        *out,
        np.arange(3),
        np.arange(2),
        np.ones(2, bool),
        2,
    ]
    with pytest.raises(ValueError, match="stratum"):
        extension.risk_sets(*inputs)


def test_the_environment_forces_a_path():
    code = "from biasim.kernels import backend; print(backend.compiled())"
    done = subprocess.run([sys.executable, "-c", code], env={"BIASIM_KERNELS": "numpy"}, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
    with backend.using("numpy"):
        assert not backend.compiled()
    assert backend.compiled() == (backend.COX is not None)
