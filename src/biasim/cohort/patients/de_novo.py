"""Patients: women with de novo stage IV breast cancer, as registries and trials describe them."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.cohort.levels import weighted_sum
from biasim.cohort.patients._covariates import circumstances, metastases, occult_share, primary
from biasim.cohort.patients._draw import SITES, truncated_normal
from biasim.cohort.patients._groups import Calendar, Occult, Person, Spread, Tumour
from biasim.cohort.patients._prognosis import Prognosis
from biasim.types import Patients
from biasim.units import Switch

HIDDEN = ("ps1", "ps2", "ps3", "burden", "occult")


def de_novo(
    size: int,
    rng: np.random.Generator,
    *,
    calendar: Calendar,
    person: Person,
    tumour: Tumour,
    spread: Spread,
    occult: Annotated[Occult | None, Switch(None)],
    prognosis: Prognosis,
) -> Patients:
    """Covariates that depend on each other, and the prognosis that follows from them.

    Recorded are age (decades over the reference age) and its square, year, subtype, T, N (as
    they truly are), grade, sites, comorbidity, insurance and hospital; hidden are performance
    status, tumour burden and whether the metastases are occult. Patients with occult metastases
    were thought fit for an operation that cures: one site, performance status 0 or 1.

    Equation
    --------
    log hazard = sum of recorded log ratios x columns + sum of hidden log ratios x (burden, performance status)

    Where the bias comes from
    -------------------------
    Performance status and burden drive survival and are in no registry: choosing surgery by
    them favours surgery, whatever is adjusted for. Occult metastases go with little burden.

    Parameters
    ----------
    calendar
        Years of diagnosis.
    person
        Age, comorbidity, performance status, insurance, hospital.
    tumour
        Subtype, grade, T and N.
    spread
        Metastatic pattern by subtype, sites, burden.
    occult
        Share of occult metastases by year, and what is different about them; null for none.
    prognosis
        Log hazard ratios of all covariates.
    """
    diagnosed = calendar.first_year + (calendar.last_year + 1.0 - calendar.first_year) * rng.random(size)
    columns = {"year": np.floor(diagnosed) - calendar.reference_year}
    years = truncated_normal(rng.random(size), person.age)
    columns["age"] = (years - person.age.reference) / 10.0
    columns["age_squared"] = columns["age"] ** 2
    hiding = rng.random(size) < (occult_share(occult, calendar, np.floor(diagnosed)) if occult else 0.0)
    columns |= primary(rng, tumour, occult or tumour, hiding)
    columns |= metastases(rng, spread, columns, hiding, occult.burden_shift if occult else 0.0)
    columns |= circumstances(rng, person, columns, years, hiding)
    columns["occult"] = hiding.astype(float)
    other = columns["sites"] - sum(columns[site] for site in SITES[:-1])
    seen = columns | {"other": other, "sites_over_one": columns["sites"] - 1.0}
    return Patients(
        columns=columns,
        recorded=tuple(name for name in columns if name not in HIDDEN),
        hidden=HIDDEN,
        recorded_log_hazard=np.asarray(weighted_sum(seen, prognosis.recorded, "patients.de_novo")) + np.zeros(size),
        hidden_log_hazard=np.asarray(weighted_sum(seen, prognosis.hidden, "patients.de_novo")) + np.zeros(size),
        diagnosed=diagnosed,
        occult=hiding,
    )
