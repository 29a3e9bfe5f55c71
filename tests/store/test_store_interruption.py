"""Ctrl-C waits for the end of a call to DuckDB."""

import signal
from threading import Thread

import pytest

from biasim.store.interruption import unhurried


@pytest.fixture
def listening():
    """Ctrl-C as a terminal has it; a suite that was started in the background inherits deafness to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening")
def test_ctrl_c_takes_effect_at_the_end_of_the_block():
    before = signal.getsignal(signal.SIGINT)
    done = []

    def work():
        with unhurried():
            signal.raise_signal(signal.SIGINT)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_block_without_ctrl_c_and_a_block_in_a_thread_are_left_alone():
    done = []

    @unhurried()
    def work():
        done.append("whole")

    work()
    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["whole", "whole"]
