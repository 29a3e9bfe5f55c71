"""Parts of the world and of the view: the same questions to each."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from biasim.errors import BiasimError
from biasim.registry import SIGNATURES, VIEW, WORLD, names
from biasim.types import Care, Course, Effect, Exposure, Local, Measured, Outcome, Patients, Potential, Staging, Treatment

PARTS = [(room, name) for room in (*WORLD, *VIEW) for name in names(room)]
RANDOM = tuple(room for room in (*WORLD, *VIEW) if "rng" in SIGNATURES[room])
every_part = pytest.mark.parametrize(("room", "name"), PARTS, ids=[f"{room}.{name}" for room, name in PARTS])
random_part = pytest.mark.parametrize(("room", "name"), [p for p in PARTS if p[0] in RANDOM], ids=lambda value: value)


def call(kit, part, room, name, rng, order=None, size=None):
    """The part on a cohort of its host world, its patients in another order if asked."""
    size = size or kit.SIZE
    cohort = kit.cohort_of(kit.host(room, name), size, kit.changes(room, name))
    clock = kit.stream("clock").standard_exponential(size)
    if order is not None:
        cohort, clock = kit.rows(cohort, order), clock[order]
    zero = np.zeros(size)
    arguments = {
        "patients": (size, rng), "course": (cohort.patients, rng), "treatment": (cohort.patients, cohort.course, rng),
        "care": (cohort.patients, cohort.course, cohort.treatment, rng), "effect": (cohort.patients,),
        "survival": (cohort.patients, cohort.course, cohort.treatment, cohort.care, cohort.effect, clock),
        "staging": (cohort.patients, cohort.treatment, rng), "censoring": (cohort.patients, cohort.treatment, rng),
        "local": (cohort.patients, cohort.treatment, rng),
        "eligibility": (cohort, rng), "time_zero": (cohort,), "exposure": (cohort, zero, rng), "measurement": (cohort, rng),
        "recording": (cohort, kit.measured(cohort), rng), "follow_up": (cohort, zero, rng), "outcome": (cohort, rng),
    }  # fmt: skip
    return part(*arguments[room])


def results(kit, room, name, size=None):
    """Every variant of a part that its host world can take, with its result."""
    for label, part in kit.variants(room, name):
        try:
            result = call(kit, part, room, name, kit.stream(room), size=size)
        except BiasimError:
            assert label != "default"  # a changed parameter may ask for a column that this world does not have
            continue
        yield label, part, result


@every_part
def test_the_same_generator_gives_the_same_result(kit, room: str, name: str) -> None:
    for label, part, result in results(kit, room, name):
        again = call(kit, part, room, name, kit.stream(room))
        assert kit.same(result, again), label
        if isinstance(result, Potential):
            assert np.array_equal(result.under(3.0), again.under(3.0))


@random_part
def test_parameters_do_not_change_the_number_of_draws(kit, room: str, name: str) -> None:
    """Scenarios that differ in one parameter share all draws: common random numbers."""
    states = {}
    for label, part in kit.variants(room, name):
        rng = kit.stream(room)
        try:
            call(kit, part, room, name, rng)
        except BiasimError:
            continue
        states[label] = rng.random(4).tolist()
    assert all(state == states["default"] for state in states.values()), [k for k, v in states.items() if v != states["default"]]


@every_part
def test_shapes_and_types(kit, room: str, name: str) -> None:
    n = kit.SIZE
    floats, bools = {"dtype": np.float64, "shape": (n,)}, {"dtype": np.bool_, "shape": (n,)}
    for label, _, result in results(kit, room, name):
        wanted = {
            "patients": {"recorded_log_hazard": floats, "hidden_log_hazard": floats, "diagnosed": floats, "occult": bools},
            "course": {"log_ratio": floats, "response": {"dtype": np.int8, "shape": (n,)}},
            "treatment": {"intended": bools, "wait": floats, "randomised": bools, "randomised_at": floats},
            "survival": {"unoperated": floats, "operated": floats},
            "care": {"log_ratio": floats}, "local": {"operated": floats},
            "outcome": {"at": floats, "event": bools, "cause": {"dtype": np.int8, "shape": (n,)}},
            "staging": {"known": floats, "found_by_surgery": bools},
            "exposure": {"exposed": bools, "decided": floats},
            "eligibility": bools, "time_zero": floats, "follow_up": floats, "censoring": floats,
        }.get(room, {})  # fmt: skip
        checked = {"": (result, wanted)} if "dtype" in wanted else {k: (getattr(result, k), w) for k, w in wanted.items()}
        for field, (array, want) in checked.items():
            assert array.dtype == want["dtype"], (label, field)
            assert array.shape == want["shape"], (label, field)
            assert not np.isnan(array.astype(float)).any(), (label, field)


@every_part
def test_results_mean_something(kit, room: str, name: str) -> None:
    for label, _, result in results(kit, room, name):
        if isinstance(result, Patients):
            assert set(result.recorded) | set(result.hidden) <= set(result.columns), label
            assert not set(result.recorded) & set(result.hidden), label
            assert all(column.shape == (kit.SIZE,) for column in result.columns.values()), label
        elif isinstance(result, Course):
            assert result.evaluated >= 0, label
            assert set(np.unique(result.response)) <= {-1, 0, 1}, label
        elif isinstance(result, Treatment):
            assert (result.wait >= 0).all(), label
            assert np.array_equal(np.isfinite(result.randomised_at), result.randomised), label
        elif isinstance(result, Effect):
            assert result.log_ratio.shape == (kit.SIZE, len(result.after)), label
            assert result.after[0] == 0, label
            assert (np.diff(result.after) > 0).all(), label
        elif isinstance(result, Potential):
            assert (result.unoperated > 0).all(), label
            assert np.array_equal(result.under(np.inf), result.unoperated), label
        elif isinstance(result, Care):
            assert np.isfinite(result.begins).all(), label
            assert np.min(result.begins) >= 0, label
        elif isinstance(result, Local):
            assert (result.operated > 0).all(), label
        elif isinstance(result, Outcome):
            assert (result.at > 0).all(), label
            assert set(np.unique(result.cause)) <= {0, 1, 2}, label
        elif isinstance(result, Staging):
            assert (result.known >= 0).all(), label
        elif isinstance(result, Exposure):
            assert np.isfinite(result.decided[result.exposed]).all(), label
        elif isinstance(result, Measured):
            assert result.values.shape == (kit.SIZE, len(result.names)), label
            assert len(set(result.names)) == len(result.names), label
            assert not np.isinf(result.values).any(), label
            assert np.isfinite(result.values).any(axis=0).all(), label  # nan is a value that is missing


@pytest.mark.parametrize(
    ("room", "name"),
    [p for p in PARTS if p[0] in ("effect", "survival", "eligibility", "time_zero", "exposure")],
    ids=lambda v: v,
)
def test_the_order_of_the_patients_does_not_matter(kit, room: str, name: str) -> None:
    order = kit.stream("order").permutation(kit.SIZE)
    for label, part, result in results(kit, room, name):
        if "target" in label:
            continue  # an accrual target takes the first of the cohort, by its definition
        permuted = call(kit, part, room, name, kit.Along(kit.stream(room), order), order)
        for (path, expected), (_, found) in zip(kit.leaves(kit.rows(result, order)), kit.leaves(permuted), strict=True):
            assert np.allclose(expected, found, rtol=1e-12, atol=0, equal_nan=True), (label, path)


@every_part
def test_a_cohort_of_one_patient(kit, room: str, name: str) -> None:
    for label, _, result in results(kit, room, name, size=1):
        assert result is not None, label


@pytest.mark.parametrize("name", names("effect"))
def test_without_effect_operated_is_unoperated_to_the_last_bit(kit, name: str) -> None:
    for world in kit.world_names():
        cohort = kit.cohort_of(world)
        clock = kit.stream("clock").standard_exponential(kit.SIZE)
        for label, part in kit.variants("effect", name):
            try:
                effect = part(cohort.patients)
            except BiasimError:
                continue  # a subgroup by a column that this world does not have
            survival = kit.world(world)["survival"].function
            potential = survival(cohort.patients, cohort.course, cohort.treatment, cohort.care, effect, clock)
            assert effect.is_none == (not effect.log_ratio.any()), label
            assert (
                potential.operated[~np.isfinite(cohort.treatment.wait)]
                == potential.unoperated[~np.isfinite(cohort.treatment.wait)]
            ).all()
            if effect.is_none:
                assert np.array_equal(potential.operated, potential.unoperated), label
                assert np.array_equal(potential.under(2.5), potential.unoperated), label
            early = potential.unoperated < cohort.treatment.wait
            assert np.array_equal(potential.operated[early], potential.unoperated[early]), label


def test_every_random_part_leaves_its_inputs_alone(kit) -> None:
    """Inputs are read-only in this suite; a part that wrote to one would have raised ValueError above."""
    cohort = kit.cohort_of("two_scores")
    arrays = [value for _, value in kit.leaves(cohort) if isinstance(value, np.ndarray)]
    assert arrays
    assert not any(array.flags.writeable for array in arrays)
    assert {field.name for field in fields(cohort)} >= {"patients", "potential"}
