"""What Cox regression tends to in a population of kinds of women, by numerical integration over time.

Constant hazards, everybody followed to the same month or until she dies. A kind of woman is a weight, a hazard, and what the
record says of her; the last column of the record is the operation.
"""

from __future__ import annotations

import numpy as np

RATE, SHARE = 1.0 / 36.0, 0.4
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
WEIGHTS = WEIGHTS / WEIGHTS.sum()  # a standard normal score


def limit(weights, hazard, record, months=np.inf):
    """The coefficient of the operation that Cox regression on the record tends to.

    The root of the expected score (Struthers and Kalbfleisch 1986, doi 10.1093/biomet/73.2.363): at each moment the record of
    those who die against that of those at risk, the latter weighted by exp(b'record); a sum over kinds of women, an integral
    over time, solved by Newton's method. Kinds have shape (k,), the record (k, p).
    """
    ends = min(months, 60.0 / RATE)
    time = np.concatenate([[0.0], np.geomspace(1e-2, ends, 1500)])
    alive = weights[:, None] * np.exp(-hazard[:, None] * time)
    step = np.diff(time)
    dying = (hazard[:, None] * alive).T  # (moments, kinds)
    coefficients = np.zeros(record.shape[1])
    for _ in range(30):
        at_risk = (np.exp(record @ coefficients)[:, None] * alive).T
        total = at_risk.sum(axis=1)
        mean = at_risk @ record / total[:, None]
        score = dying @ record - dying.sum(axis=1)[:, None] * mean
        square = np.einsum("tk,ki,kj->tij", at_risk, record, record) / total[:, None, None]
        square = (square - mean[:, :, None] * mean[:, None, :]) * dying.sum(axis=1)[:, None, None]
        of_time = [np.tensordot(step, 0.5 * (one[1:] + one[:-1]), axes=(0, 0)) for one in (score, square)]
        change = np.linalg.solve(of_time[1], of_time[0])
        coefficients = coefficients + change
        if np.abs(change).max() < 1e-10:
            break
    return coefficients[-1]


def chosen(score, odds_ratio, share=SHARE):
    """The chance of being operated at each score, `share` on average over a standard normal score."""
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        on_average = WEIGHTS @ (1.0 / (1.0 + np.exp(-middle - np.log(odds_ratio) * NODES)))
        low, high = (middle, high) if on_average < share else (low, middle)
    return 1.0 / (1.0 + np.exp(-middle - np.log(odds_ratio) * score))
