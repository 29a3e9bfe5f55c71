"""Records that are right where the surgeon looked."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from biasim.design.recording._columns import drawn, is_mark, places, spread, with_noise
from biasim.types import Cohort, Measured
from biasim.units import Deviation, Probability, Reliability, Switch


def known_better_in_operated(
    cohort: Cohort,
    measured: Measured,
    rng: np.random.Generator,
    *,
    columns: tuple[str, ...] = (),
    reliability: Annotated[Reliability, Switch(1.0)] = 0.6,
    reliability_operated: Annotated[Reliability, Switch(1.0)] = 1.0,
    understated: Annotated[Deviation, Switch(0.0)] = 0.5,
    missed: Annotated[Probability, Switch(0.0)] = 0.45,
) -> Measured:
    """The operated are staged by what surgery found, the others by what could be felt and imaged.

    Where the bias comes from
    -------------------------
    An unoperated woman whose spread is understated, or missed, looks healthier than she is: at the same record she is worse off
    than an operated one, and adjusting for the record makes surgery look better, also where it was chosen by chance: favours
    surgery. Noise alone, with a reliability lower in the unoperated, leaves part of the confounding as in `with_error`. And
    where nothing confounds, noise in one group alone biases still: the unoperated seem to include more women at extreme
    risk than die, which against the operated looks like protection. Favours no surgery, less so when all are followed to death.
    In the calibrated world `measurement.registry(nodal_understaging)` does this to the N classes.

    Parameters
    ----------
    columns
        Measured columns that this happens to, higher (or 1) in worse prognosis; none named means all.
    reliability
        Variance of a continuous column over its variance with error, in the unoperated. Default: 0.6, assumed.
    reliability_operated
        The same in the operated. Default: 1, the switch.
    understated
        Standard deviations by which a continuous column is recorded too low in the unoperated. Default: 0.5, assumed.
    missed
        Chance that a 1 is recorded as 0 in the unoperated. Default: 0.45, as of the N class in the calibrated world, tuned
        (n23_share_operated, n23_share_unoperated).

    Returns
    -------
    Measured
        The same columns; gaps stay gaps.

    Raises
    ------
    UnknownColumn
        When a name in `columns` is not measured.

    Source
    ------
    Error that differs between groups: Keogh et al. 2020, doi 10.1002/sim.8532.
    """
    values, others = measured.values.copy(), ~cohort.operated
    wanted = places(measured, columns, "recording.known_better_in_operated.columns")
    quality = np.where(others, reliability, reliability_operated)
    for place, true, noise, uniform in drawn(measured, wanted, rng):
        if is_mark(true):
            values[:, place] = np.where((true == 1.0) & others & (uniform < missed), 0.0, true)
        else:
            values[:, place] = with_noise(true, noise, quality) - understated * spread(true) * others
    return replace(measured, values=values)
