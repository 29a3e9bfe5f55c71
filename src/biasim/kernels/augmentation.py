"""What a survival model expects of each patient, and by how much her own data correct it.

A model with hazard jumps j_k at u_1 < ... < u_m says S_i(u_k) = exp(-risk_i (j_1 + ... + j_k)), a step function. Wanted of it
is a sum of gains: gain_k is earned by whoever is alive at u_k (u_0 = 0). With the lengths of the intervals as gains that is
the restricted mean; with a last gain of 1 and no other, the survival probability.

Q_i(u) is the gain still to come for patient i if she is alive at u, and G_i(u) her chance of being watched up to u. Her
correction is the martingale integral of Q_i / G_i: Q_i(T) / G_i(T) if she dies at T, less the sum over u_k <= T of
(1 - S_i(u_k) / S_i(u_{k-1})) Q_i(u_k) / G_i(u_k). The hazard in it belongs to S_i as a product integral, so that by Duhamel's
equation the mean of expectation less weighted correction is right for any model if weights and G are right, and for any
weights and G if the model is right. Westling, Luedtke, Gilbert and Carone 2023, doi 10.1080/01621459.2023.2205060.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biasim.types import Bools, Floats, Integers

ROWS = 4096  # worked on at a time, so that they stay in the cache
LEAST = 30.0  # cumulative hazard of loss beyond which a weight grows no more: exp(30) is 1e13


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Times (m,) at which a survival model jumps, jumps of its cumulative baseline hazard (m,), gains (m + 1,)."""

    times: Floats
    jumps: Floats
    gains: Floats
    months: bool  # whether gains are months, spent while they pass


def steps(times: Floats, jumps: Floats, month: float, *, restricted_mean: bool, most: int) -> Steps:
    """The model up to `month`, its jumps gathered at no more than `most` of their own times.

    Where there are more, every so many jumps are made together, at the time of the last of them: survival is as before at
    the times that are kept, and at most a `most`-th of the deaths too high between them.
    """
    known = int(np.searchsorted(times, month, side="right"))
    times, jumps = times[:known], jumps[:known]
    if known > most:
        last = np.arange(1, most + 1) * known // most - 1
        times, jumps = times[last], np.diff(jumps.cumsum()[last], prepend=0.0)
    passing = np.diff(np.concatenate(([0.0], times, [month])))
    gains = passing if restricted_mean else np.append(np.zeros(len(times)), 1.0)
    return Steps(times=times, jumps=jumps, gains=gains, months=restricted_mean)


def expectation(model: Steps, risk: Floats) -> Floats:
    """The gain that the model expects of each patient, (n,), from her hazard ratio against the baseline (n,)."""
    found = np.empty(len(risk))
    hazard = -model.jumps.cumsum()
    for start in range(0, len(risk), ROWS):
        survival = np.multiply.outer(risk[start : start + ROWS], hazard)
        np.exp(survival, out=survival)
        found[start : start + ROWS] = survival @ model.gains[1:] + model.gains[0]
    return found


def correction(
    model: Steps, risk: Floats, time: Floats, died: Bools, *, lost: Floats, lost_by_end: Floats, losing: Floats | None = None
) -> Floats:
    """The martingale integral of each patient of one arm, (n,); `died` counts deaths up to the month of the model only.

    G_i(u_k) is exp(-lost_k losing_i), `lost` (m,), `losing` (n,) or ones; up to the patient's own time it is
    exp(-lost_by_end_i), (n,). Neither falls below exp(-LEAST).
    """
    order = np.argsort(-time, kind="stable")
    at_risk = np.searchsorted(-time[order], -model.times, side="right")
    found = np.empty(len(time))
    for start in range(0, len(time), ROWS):
        rows = order[start : start + ROWS]
        within = np.clip(at_risk - start, 0, len(rows))
        to_come, compensator = _backwards(model, risk[rows], within, lost, None if losing is None else losing[rows])
        if model.months:
            to_come -= time[rows] - np.append(0.0, model.times)[np.searchsorted(model.times, time[rows], side="right")]
        found[rows] = np.where(died[rows], to_come * np.exp(np.minimum(lost_by_end[rows], LEAST)), 0.0) - compensator
    return found


def _backwards(
    model: Steps, risk: Floats, at_risk: Integers, lost: Floats, losing: Floats | None
) -> tuple[Floats, Floats]:
    """The gain to come at the last jump up to her own time, and the compensator, for rows in descending order of time.

    From the last jump to the first: Q(u_{k-1}) = gain_{k-1} + S(u_k) / S(u_{k-1}) Q(u_k), so that nothing is divided by a
    survival that may be 0. The first `at_risk[k]` rows are at risk at jump k.
    """
    gain, compensator, held = np.full(len(risk), model.gains[-1]), np.zeros(len(risk)), np.empty(len(risk))
    chance, work = np.empty(len(risk)), np.empty(len(risk))
    one = np.exp(np.minimum(lost, LEAST)) if losing is None else lost
    seen = 0
    for k in range(len(model.jumps) - 1, -1, -1):
        now = at_risk[k]
        held[seen:now] = gain[seen:now]
        seen = now
        np.exp(np.multiply(risk, -model.jumps[k], out=chance), out=chance)
        term = np.subtract(1.0, chance[:now], out=work[:now])
        term *= gain[:now]
        term *= one[k] if losing is None else np.exp(np.minimum(one[k] * losing[:now], LEAST))
        compensator[:now] += term
        gain *= chance
        gain += model.gains[k]
    held[seen:] = gain[seen:]
    return held, compensator
