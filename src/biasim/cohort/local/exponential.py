"""Local progression: a constant hazard that depends on prognosis, and that surgery truly lowers."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.cohort.scores import log_ratio
from biasim.kernels.piecewise import reach
from biasim.types import Floats, Local, Patients, Treatment
from biasim.units import HazardRatio, PerMonth, Switch


def exponential(
    patients: Patients,
    treatment: Treatment,
    rng: np.random.Generator,
    *,
    per_month: PerMonth = 0.014,
    recorded_ratio: Annotated[HazardRatio, Switch(1.0)] = 1.3,
    hidden_ratio: Annotated[HazardRatio, Switch(1.0)] = 1.3,
    hazard_ratio: Annotated[HazardRatio, Switch(1.0)] = 0.35,
) -> Local:
    """Months to progression of the primary tumour, read from one exponential draw per patient, exact under any wait.

    It acts on nothing else: a woman whose primary tumour progresses dies no sooner for it.

    Equation
    --------
    h(t) = per month x r_recorded^z_recorded x r_hidden^z_hidden x (hazard ratio from surgery on)

    Where the bias comes from
    -------------------------
    A second outcome that surgery truly changes: with a hazard ratio below 1 the operated progress less at the primary site, live
    no longer, and look better by any outcome that counts both. A recorded ratio or a hidden ratio above 1 makes it depend on
    prognosis, so that choosing patients with a better prognosis for surgery confounds this outcome too, which favours surgery.

    Parameters
    ----------
    per_month
        Hazard at average prognosis without surgery. Default: 0.014, derived (local_progression_3y, E2108 ST: 0.398 at 36
        months, as if nobody had died).
    recorded_ratio
        Hazard ratio per standard deviation of worse recorded prognosis. Default: assumed.
    hidden_ratio
        The same for the hidden prognosis. Default: assumed.
    hazard_ratio
        True hazard ratio from surgery on. Default: 0.35, derived (local_progression_3y, E2108 LRT against ST: 0.163 and 0.398
        at 36 months); reinhorn2021_rct pools 0.36.

    Source
    ------
    Khan 2022 (E2108), doi 10.1200/JCO.21.02006.
    """
    draw = rng.standard_exponential(patients.size)
    rate = per_month * np.exp(log_ratio(patients, recorded_ratio, hidden_ratio))
    unoperated = np.divide(draw, rate, out=np.full(patients.size, np.inf), where=rate > 0.0)

    def under(wait: Floats | float) -> Floats:
        changed = reach(unoperated, (0.0, wait), (1.0, hazard_ratio))
        # Before surgery nothing has happened to her hazard: her time is the unoperated one, to the last bit.
        return np.where((unoperated <= wait) | (hazard_ratio == 1.0), unoperated, np.maximum(changed, wait))

    return Local(operated=under(treatment.wait), under=under, log_ratio=float(np.log(hazard_ratio)))
