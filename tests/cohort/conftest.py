"""Worlds, bound and ready to generate from."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from biasim.cohort.generate import generate
from biasim.config.load import load
from biasim.engine.streams import Streams
from biasim.registry import WORLD, find

CONFIGS = Path(__file__).parents[2] / "configs"


def choose(room, name, **parameters):
    return partial(find(room, name), **parameters)


def two_scores(**rooms):
    """Two scores, constant hazard of 1 in 36 months, surgery by chance; `rooms` replaces parts, as (name, parameters)."""
    chosen = {
        "patients": ("two_scores", {}), "course": ("none", {}), "treatment": ("by_prognosis", {}),
        "effect": ("none", {}), "survival": ("weibull", {"shape": 1.0, "scale": 36.0}),
        "staging": ("found_at_surgery", {}), "censoring": ("none", {}), "care": ("none", {}), "local": ("none", {}),
    } | rooms  # fmt: skip
    return {room: choose(room, name, **parameters) for room, (name, parameters) in chosen.items()}


def cohort_of(size=2000, replicate=0, **rooms):
    return generate(two_scores(**rooms), size, Streams(20230130, replicate))


@pytest.fixture
def make_world():
    return two_scores


@pytest.fixture
def make_cohort():
    return cohort_of


@pytest.fixture(scope="session")
def calibrated_world():
    """The calibrated world as its file has it."""
    world = load(CONFIGS / "paradox.yaml").scenarios[0].world
    return {room: world[room].function for room in WORLD}


@pytest.fixture(scope="session")
def calibrated(calibrated_world):
    """50,000 patients of the calibrated world."""
    return generate(calibrated_world, 50_000, Streams(20230130, 0))
