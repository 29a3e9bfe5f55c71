"""All that the world knows of its patients at diagnosis, how they responded, and what else they got."""

from __future__ import annotations

import numpy as np

from biasim.design.measurement._columns import afterwards, gather
from biasim.types import Cohort, Measured

LATER = ("responded", "progressed", "occult", "other_care")


def everything(cohort: Cohort, rng: np.random.Generator) -> Measured:
    """Every recorded and hidden covariate without error, response and progression, occult metastases, other treatment.

    Where the bias comes from
    -------------------------
    Nowhere: this is the study that no registry can be, and shows what would be left if confounding
    were gone. Response is known from its evaluation on only; as a covariate from time zero it
    looks ahead by those months, but adds no confounding.

    Returns
    -------
    Measured
        Recorded, hidden, then `responded`, `progressed`, `occult` and `other_care` (treatment other than surgery), each of these
        four only if somebody in the cohort has it.
    """
    patients = cohort.patients
    absent = {name for name in LATER if not afterwards(cohort, name).any()}
    names = dict.fromkeys([*patients.recorded, *patients.hidden, *LATER])  # in this order, each once
    return gather(cohort, [name for name in names if name not in absent])
