"""Blocks, and when a wanted precision is met."""

import numpy as np
import pytest

from biasim.engine.blocks import Block, block_length, blocks
from biasim.engine.precision import Prefix


@pytest.mark.parametrize(("size", "length"), [(1, 50), (2_000, 50), (2_001, 49), (10_000, 10), (10**6, 1)])
def test_block_length_by_hand(size, length):
    assert block_length(size) == length


def test_blocks_cover_every_replicate_once_and_do_not_move():
    few, many = blocks(3, 2_000, 120), blocks(3, 2_000, 1_000)
    assert few == [Block(3, 0, 49), Block(3, 50, 99), Block(3, 100, 119)]
    assert many[:2] == few[:2]
    assert [number for one in many for number in range(one.first, one.last + 1)] == list(range(1_000))


def columns(values, status="ok"):
    count = len(values)
    texts = {"design": "registry", "method": "cox", "estimand": "marginal_log_hazard_ratio", "status": status}
    return {
        **{name: np.array([text] * count, dtype=object) for name, text in texts.items()},
        "estimate": np.array(values, dtype=float),
    }


def test_the_mcse_is_the_standard_error_of_the_mean():
    prefix = Prefix(0.1)
    prefix.add(Block(0, 0, 3), columns([0.0, 1.0, 2.0, 3.0]))
    assert prefix.worst() == pytest.approx(np.sqrt(5.0 / 3.0) / 2.0, rel=1e-14)
    assert not prefix.met


def test_the_prefix_is_the_same_in_any_order_and_later_blocks_do_not_count():
    values = np.random.default_rng(3).normal(size=(20, 10))
    lengths = []
    for order in (range(20), reversed(range(20)), np.random.default_rng(4).permutation(20)):
        prefix = Prefix(0.1)
        for number in order:
            prefix.add(Block(0, 10 * number, 10 * number + 9), columns(values[number]))
        lengths.append(prefix.replicates)
    sample = values.ravel()
    errors = [sample[:n].std(ddof=1) / np.sqrt(n) for n in range(10, 201, 10)]
    assert lengths == [10 * (1 + next(i for i, error in enumerate(errors) if error <= 0.1))] * 3


def test_failed_analyses_and_other_scales_do_not_hold_up():
    prefix = Prefix(0.1)
    months = columns([0.0, 50.0])
    months["estimand"][:] = "rmst_difference(horizon=60)"
    prefix.add(Block(0, 0, 1), months)
    assert prefix.met
    alone = Prefix(0.1)
    alone.add(Block(0, 0, 0), columns([1.0]))
    assert alone.worst() == np.inf
