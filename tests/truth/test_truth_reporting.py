"""Biases of reporting with a closed form: the winner's curse, and the better of two analyses. Within 3 MCSE.

Winner's curse. An estimate is normal about b with error s and is written up if it lies below -1.96 s, else with chance q. With
c = -1.96 - b/s, a share Phi(c) is significant, and the integral of the estimates there is b Phi(c) - s f(c). The mean of what is
read is therefore [q b + (1 - q)(b Phi(c) - s f(c))] / [q + (1 - q) Phi(c)] = b - s (1 - q) f(c) / (q + (1 - q) Phi(c)).

The better of two. Exposure by chance (share a), one covariate x of small log hazard ratio g, nobody lost. To first order the
crude estimate less the adjusted one is D = g I, g as estimated, I the imbalance of x in the risk sets of the deaths. A woman who
dies at cumulative hazard w is in risk sets whose inverse sizes add up to w/n, so that I is the sum of w x (exposure - a) over
n a (1 - a); w is exponential, E(w^2) = 2, and I is normal about 0 with variance 2 / (n a (1 - a)). The lower of the two
estimates is below the adjusted one by E max(0, -D) = |g| sd(I) / sqrt(2 pi).
"""

from math import exp, log, pi, sqrt

import numpy as np
import pytest
from scipy.special import ndtr

from biasim.answers import Status
from biasim.methods.most_favourable import most_favourable
from biasim.methods.written_up import written_up
from biasim.types import Observed

Z = 1.959963984540054


def trial(rng, size, *, log_ratio=0.0, covariate=0.0):
    """Exposure for every second patient, exponential survival, nobody lost."""
    x = rng.standard_normal(size)
    exposed = np.arange(size) % 2 == 0
    time = rng.standard_exponential(size) / np.exp(log_ratio * exposed + covariate * x)
    return Observed(
        names=("x",), covariates=x[:, None], exposed=exposed, entry=np.zeros(size), time=time,
        event=np.ones(size, dtype=bool), patient=np.arange(size),
    )  # fmt: skip


def curse(effect, error, share):
    """The mean of what is written up."""
    limit = -Z - effect / error
    density = exp(-0.5 * limit**2) / sqrt(2 * pi)
    return effect - error * (1 - share) * density / (share + (1 - share) * ndtr(limit))


def test_the_curse_without_effect_is_2_34_errors():
    assert curse(0.0, 1.0, 0.0) == pytest.approx(-2.338, abs=5e-4)
    assert curse(-0.3, 0.2, 1.0) == -0.3


@pytest.mark.long
@pytest.mark.parametrize(("effect", "share"), [(0.0, 0.0), (0.0, 0.41), (log(0.8), 0.0), (log(0.8), 0.41)])
def test_the_winners_curse(effect, share):
    """Trials of 300; the error that counts is that of the estimates, measured on all of them."""
    rng, everything, read = np.random.default_rng(101), [], []
    for _ in range(6000):
        observed = trial(rng, 300, log_ratio=effect)
        everything.append(written_up(observed, share=1.0).estimate)
        found = written_up(observed, share=share)
        if found.status is Status.OK:
            read.append(found.estimate)
    mcse = np.std(read, ddof=1) / sqrt(len(read))
    wanted = curse(effect, float(np.std(everything, ddof=1)), share)
    print(f"closed form {wanted:+.4f}, simulated {np.mean(read):+.4f} ({mcse:.4f}), {len(read)} read")
    assert abs(np.mean(read) - wanted) < 3 * mcse
    assert abs(np.mean(everything) - effect) < 3 * np.std(everything) / sqrt(6000)


@pytest.mark.long
def test_the_better_of_two_analyses():
    rng, size, covariate, gained = np.random.default_rng(102), 1000, 0.12, []
    for _ in range(4000):
        observed = trial(rng, size, covariate=covariate)
        gained.append(most_favourable(observed, models=2).estimate - most_favourable(observed, models=1).estimate)
    mcse = np.std(gained, ddof=1) / sqrt(len(gained))
    wanted = -covariate * sqrt(2 / (size * 0.25)) / sqrt(2 * pi)
    print(f"closed form {wanted:+.5f}, simulated {np.mean(gained):+.5f} ({mcse:.5f})")
    assert abs(np.mean(gained) - wanted) < 3 * mcse
    assert np.mean(gained) < -10 * mcse
