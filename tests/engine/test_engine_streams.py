"""Streams against a second derivation: SeedSequence and PCG64 in plain integers."""

from hashlib import blake2b

import numpy as np
import pytest

from biasim.engine.streams import TRUTH, Streams

PINNED = [0.2530831270962026, 0.533508101265352]
WORD, LONG = (1 << 32) - 1, (1 << 128) - 1


def seed_sequence(entropy, count):
    """numpy's SeedSequence (O'Neill's seed_seq_fe, pool of four 32-bit words) to `count` 32-bit words."""
    words = [(entropy >> (32 * i)) & WORD for i in range(max(1, -(-entropy.bit_length() // 32)))]
    constant = 0x43B0D7E5

    def hashmix(value):
        nonlocal constant
        value ^= constant
        constant = constant * 0x931E8875 & WORD
        value = value * constant & WORD
        return value ^ value >> 16

    def mix(x, y):
        value = (0xCA01F9DD * x - 0x4973F715 * y) & WORD
        return value ^ value >> 16

    pool = [hashmix(words[i] if i < len(words) else 0) for i in range(4)]
    for source in range(4):
        for target in range(4):
            if source != target:
                pool[target] = mix(pool[target], hashmix(pool[source]))
    constant, state = 0x8B51F9DD, []
    for i in range(count):
        value = pool[i % 4] ^ constant
        constant = constant * 0x58F38DED & WORD
        value = value * constant & WORD
        state.append(value ^ value >> 16)
    return state


def pcg64(entropy, count):
    """The first 64-bit outputs of PCG XSL RR 128/64 seeded from a SeedSequence."""
    words = seed_sequence(entropy, 8)
    high_first = [words[2 * i] | words[2 * i + 1] << 32 for i in range(4)]
    start, stream = high_first[0] << 64 | high_first[1], high_first[2] << 64 | high_first[3]
    multiplier, increment = 0x2360ED051FC65DA44385DF649FCCF645, (stream << 1 | 1) & LONG
    state = (increment + start) * multiplier + increment & LONG
    outputs = []
    for _ in range(count):
        state = (state * multiplier + increment) & LONG
        value, turn = (state >> 64 ^ state) & (1 << 64) - 1, state >> 122
        outputs.append((value >> turn | value << (64 - turn)) & (1 << 64) - 1)
    return outputs


@pytest.mark.parametrize(("seed", "replicate", "stage"), [(20230130, 0, "patients"), (1, 17, "clock"), (0, TRUTH, "x")])
def test_first_draws_equal_a_second_derivation(seed, replicate, stage):
    text = f"{seed}/{replicate}/{stage}".encode()
    expected = pcg64(int.from_bytes(blake2b(text, digest_size=16).digest(), "little"), 5)
    streams = Streams(seed, replicate)
    assert streams(stage).bit_generator.random_raw(5).tolist() == expected
    assert streams(stage).random(5).tolist() == [(value >> 11) * 2.0**-53 for value in expected]


def test_draws_are_pinned():
    assert Streams(20230130, 0)("clock").random(2).tolist() == PINNED


def test_every_part_of_the_key_counts_and_nothing_else():
    draws = {
        tuple(Streams(seed, replicate)(stage).random(3))
        for seed in (1, 11)
        for replicate in (1, 11, TRUTH)
        for stage in ("clock", "patients")
    }
    assert len(draws) == 12
    streams = Streams(1, 1)
    streams("patients").random(1000)
    assert np.array_equal(streams("clock").random(3), Streams(1, 1)("clock").random(3))
