"""The covariates of `patients.de_novo`, in the order in which they depend on each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from biasim.cohort.levels import SUBTYPES, logit, names, values
from biasim.cohort.patients._draw import SITES, dummies, level, site_sets
from biasim.cohort.patients._groups import Calendar, NStage, Occult, Person, Spread, TStage, Tumour
from biasim.types import Bools, Floats

MEDICARE_AGE = 65.0


def occult_share(occult: Occult, calendar: Calendar, year: Floats) -> Floats:
    """Share of occult metastases, along a straight line from the first year to the last."""
    passed = (year - calendar.first_year) / max(calendar.last_year - calendar.first_year, 1.0)
    return occult.share_first_year + (occult.share_last_year - occult.share_first_year) * passed


def primary(rng: np.random.Generator, tumour: Tumour, occult: Occult | Tumour, hiding: Bools) -> Mapping[str, Floats]:
    """Subtype, T and N (their own shares where the metastases are occult), grade."""
    draws = rng.random((4, hiding.size))
    subtype = level(draws[0], np.array(values(tumour.subtype)))
    grade3 = draws[1] < np.array(values(tumour.grade3))[subtype]
    t_stage = level(draws[2], np.array([values(tumour.t_stage), values(occult.t_stage)]), hiding.astype(int))
    n_stage = level(draws[3], np.array([values(tumour.n_stage), values(occult.n_stage)]), hiding.astype(int))
    columns = dict(zip(names(type(tumour.subtype))[1:], dummies(subtype, 4), strict=True))
    columns |= dict(zip(names(TStage)[1:], dummies(t_stage, 4), strict=True))
    columns |= dict(zip(names(NStage)[1:], dummies(n_stage, 4), strict=True))
    return columns | {"grade3": grade3.astype(float)}


def metastases(
    rng: np.random.Generator, spread: Spread, columns: Mapping[str, Floats], hiding: Bools, shift: float
) -> Mapping[str, Floats]:
    """Sites by subtype, a single one where they hide, and the latent burden. The fifth site is none of the named."""
    probability, pattern, members = site_sets(spread)
    subtype = (columns["hr_pos_her2_pos"] + 2.0 * columns["hr_neg_her2_pos"] + 3.0 * columns["tnbc"]).astype(int)
    chosen = level(rng.random(hiding.size), probability, subtype + len(SUBTYPES) * hiding)
    burden = np.array(values(spread.burden))[pattern][chosen] + spread.burden_sd * rng.standard_normal(hiding.size)
    return {
        **{site: members[k][chosen] for k, site in enumerate(SITES[:-1])},
        "sites": members.sum(axis=0)[chosen],
        "burden": burden + shift * hiding,
    }


def circumstances(
    rng: np.random.Generator, person: Person, columns: Mapping[str, Floats], years: Floats, hiding: Bools
) -> Mapping[str, Floats]:
    """Comorbidity by age, performance status by what she has (at most 1 where it hides), insurance by age, hospital."""
    chosen = person.comorbidity
    cuts = [-logit(chosen.cci1 + chosen.cci2), -logit(chosen.cci2)]
    cci = np.searchsorted(cuts, chosen.per_decade * columns["age"] + rng.logistic(size=years.size))
    found = dict(zip(("cci1", "cci2"), dummies(cci, 3), strict=True))
    status = person.performance
    latent = rng.logistic(size=years.size)
    for name in ("age", "cci1", "cci2", "brain", "burden", "liver"):
        latent += getattr(status, name) * (columns | found)[name]
    ecog = np.searchsorted([status.cut1, status.cut2, status.cut3], latent)
    worse = dummies(np.where(hiding, np.minimum(ecog, 1), ecog), 4)
    insurance = np.array([values(person.insurance.under65), values(person.insurance.over65)])
    payer = dummies(level(rng.random(years.size), insurance, (years >= MEDICARE_AGE).astype(int)), 4)
    hospital = level(rng.random(years.size), np.array(values(person.facility)))
    found |= dict(zip(("medicare", "medicaid", "uninsured"), payer, strict=True))
    found |= {name: (hospital == k).astype(float) for k, name in ((0, "academic"), (2, "community"), (3, "integrated"))}
    return found | dict(zip(("ps1", "ps2", "ps3"), worse, strict=True))
