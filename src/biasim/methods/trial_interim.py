"""The hazard ratio of a trial that is looked at as the deaths come in, and stopped when a boundary is crossed."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Annotated, Literal

import numpy as np

from biasim.answers import Estimate, Status
from biasim.kernels.group_sequential import boundaries
from biasim.methods._checks import AS_ASSIGNED, MARGINAL, failed, refusal, take
from biasim.methods._hazard_ratio import log_hazard_ratio
from biasim.methods._rank_preserving import arm_test
from biasim.methods._trial import arm_counts, by_arm, no_trial
from biasim.types import Floats, Observed, ObservedTrial
from biasim.units import Switch, Unit, Within

Looks = Annotated[int, Unit("count"), Within(1, 50)]
ESTIMAND = MARGINAL + AS_ASSIGNED


def trial_interim(
    observed: ObservedTrial,
    *,
    looks: Annotated[Looks, Switch(1)] = 5,
    boundary: Literal["obrien_fleming", "pocock", "haybittle_peto", "lan_demets", "uncorrected"] = "obrien_fleming",
    stop_for: Literal["benefit", "either"] = "benefit",
    ties: Literal["efron", "breslow"] = "efron",
) -> Estimate:
    """The log hazard ratio between the arms by Cox regression at the look at which a group sequential trial stops.

    Looks come at equal shares of the deaths that the data hold, in calendar time: at look k of K on the day on which
    that share of the deaths has happened, among those randomised by then, followed to that day. The trial stops when the log-rank
    deviate reaches the boundary; else it goes on to its end. Estimate and interval are the naive ones, as published.
    Diagnostics: `look`, `fraction` of the deaths, `stopped` (1 when before the last look), `crossed` (1 when the boundary
    was reached, at the last look too), `critical`, `z`, and the `year` of the calendar.

    Claims
    ------
    The marginal log hazard ratio.

    Assumes
    -------
    As intention to treat; and that the trial would have gone on whatever it found, which holds with one look only.

    Breaks when
    -----------
    There are several `looks`: trials stopped early overstate the effect, the more so the earlier, whatever the boundary,
    and the average over all trials is pulled the same way; those that go on understate it slightly. Where boundaries are low
    early on (Pocock), the naive interval holds the truth less often than 95 %. The test that counts `crossed` keeps its
    two-sided level of 5 % (half of it for `benefit`), unless the boundary is `uncorrected`. Deaths beyond the data are not
    waited for: the last look is the end of the data.

    Parameters
    ----------
    looks : int
        Number of looks, the last one included. Default: assumed.
    boundary : {"obrien_fleming", "pocock", "haybittle_peto", "lan_demets", "uncorrected"}
        Shape of the boundary: c / sqrt(share), constant, 3 until the last look, O'Brien-Fleming by a spending function, or
        1.96 at every look, which does not keep the level: 14 % with five looks.
    stop_for : {"benefit", "either"}
        Whether harm stops the trial, too.
    ties : {"efron", "breslow"}
        How simultaneous deaths are handled.

    References
    ----------
    O'Brien and Fleming 1979, doi 10.2307/2530245. Pocock 1977, doi 10.1093/biomet/64.2.191. Lan and DeMets 1983,
    doi 10.1093/biomet/70.3.659. Overstatement: Bassler et al. 2010, doi 10.1001/jama.2010.310.
    """
    diagnostics, arms = arm_counts(observed), by_arm(observed)
    if refused := no_trial(ESTIMAND, observed, diagnostics) or refusal(ESTIMAND, arms, diagnostics):
        return refused
    if arms.started is None or not np.isfinite(arms.started).all():
        return failed(ESTIMAND, Status.MISSING_VALUES, "no dates of randomisation: there is no calendar to look in", diagnostics)
    critical = boundaries(tuple((k + 1) / looks for k in range(looks)), boundary)
    dates = np.sort((arms.started + arms.time / 12.0)[arms.event])
    for look, limit in enumerate(critical, 1):
        last = look == looks
        date = float(dates[ceil(len(dates) * look / looks) - 1])
        seen = arms if last else on(arms, date)
        z = arm_test(seen)
        crossed = abs(z) >= limit if stop_for == "either" else -z >= limit
        if crossed or last:
            break
    diagnostics |= {"look": float(look), "stopped": float(crossed and not last), "crossed": float(crossed), "z": z}
    diagnostics |= {"critical": limit, "fraction": float(np.count_nonzero(seen.event) / len(dates)), "year": date}
    return refusal(ESTIMAND, seen, diagnostics) or log_hazard_ratio(ESTIMAND, seen, diagnostics, ties=ties)


def on(arms: Observed, date: float) -> Observed:
    """What is known on a date: those randomised before it, followed to it, deaths on that very day included."""
    watched: Floats = 12.0 * (date - arms.started)
    died = arms.event & (arms.started + arms.time / 12.0 <= date)
    time = np.where(died, arms.time, np.minimum(arms.time, watched))
    return take(replace(arms, time=time, event=died), np.flatnonzero(time > arms.entry))
