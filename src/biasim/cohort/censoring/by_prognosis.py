"""Censoring: loss to follow-up whose rate depends on prognosis, and differs between those meant for surgery and the others."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.cohort.scores import log_ratio
from biasim.types import Floats, Patients, Treatment
from biasim.units import HazardRatio, PerMonth, Switch


def by_prognosis(
    patients: Patients,
    treatment: Treatment,
    rng: np.random.Generator,
    *,
    per_month: PerMonth = 0.01,
    recorded_ratio: Annotated[HazardRatio, Switch(1.0)] = 1.0,
    hidden_ratio: Annotated[HazardRatio, Switch(1.0)] = 0.6,
    intended_ratio: Annotated[HazardRatio, Switch(1.0)] = 1.0,
    intended_recorded_ratio: Annotated[HazardRatio, Switch(1.0)] = 1.0,
    intended_hidden_ratio: Annotated[HazardRatio, Switch(1.0)] = 1.6,
) -> Floats:
    """Months from diagnosis to loss, exponential with a rate of her own, from the same draw as `exponential`.

    A follow-up that is thinner, or given up earlier, in one group is the case of an `intended_ratio` other than 1.

    Equation
    --------
    rate of loss = per month x r_recorded^z_recorded x r_hidden^z_hidden; with ratios of their own in those meant for surgery

    Where the bias comes from
    -------------------------
    Informative loss: who is lost takes her later death with her. Where the recorded ratio or the hidden ratio of the unoperated
    is below 1, those who do well stop coming and the sick remain, which favours surgery; where the intended recorded ratio or
    the intended hidden ratio is above 1, the operated who do badly are lost, which favours surgery too; the opposite works
    against it. Where surgery does nothing, the same ratios in both groups select both alike; where it works, they can leave
    women more alike than all, among whom the hazard ratio is further from 1. An intended ratio alone, more loss in one group
    whatever the prognosis, costs precision and does not bias a hazard ratio of 1; with one of the others it makes it weigh more.

    Parameters
    ----------
    per_month
        Rate of loss at average prognosis in those not meant for surgery. Default: assumed; nearly one woman in two over five
        years if none died. A published share at 5 years is smaller (ltfu_5y, NCDB 1989 all: 0.065).
    recorded_ratio
        Ratio of the rate per standard deviation of worse recorded prognosis, in those not meant for surgery. Default: assumed.
    hidden_ratio
        The same for the hidden prognosis. Default: assumed.
    intended_ratio
        Ratio of the rate at average prognosis, those meant for surgery against the others. Default: assumed.
    intended_recorded_ratio
        As `recorded_ratio`, in those meant for surgery. Default: assumed.
    intended_hidden_ratio
        As `hidden_ratio`, in those meant for surgery. Default: assumed.

    Source
    ------
    Why loss that depends on prognosis cannot be seen in the data: Tsiatis 1975, doi 10.1073/pnas.72.1.20.
    """
    draw = rng.standard_exponential(patients.size)
    if per_month == 0.0:
        return np.full(patients.size, np.inf)
    unoperated = np.exp(log_ratio(patients, recorded_ratio, hidden_ratio))
    meant = intended_ratio * np.exp(log_ratio(patients, intended_recorded_ratio, intended_hidden_ratio))
    return draw / (per_month * np.where(treatment.intended, meant, unoperated))
