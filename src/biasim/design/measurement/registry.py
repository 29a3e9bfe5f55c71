"""What a cancer registry holds."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.design.measurement._columns import AFTERWARDS, gather
from biasim.errors import UnknownColumn
from biasim.types import Cohort, Floats, Measured
from biasim.units import Probability, Switch

NODES = ("N1", "N2", "N3")


def registry(
    cohort: Cohort,
    rng: np.random.Generator,
    *,
    without: Annotated[tuple[str, ...], Switch(())] = (),
    add: tuple[str, ...] = (),
    nodal_understaging: Annotated[Probability, Switch(0.0)] = 0.0,
) -> Measured:
    """The recorded covariates, less some, plus some, with nodal stage as a registry has it.

    Where the bias comes from
    -------------------------
    What is not recorded cannot be adjusted for: where surgeons choose the fitter women by signs that
    the registry does not hold, the confounding that is left favours surgery. What is left out by
    `without` confounds like all that is not recorded, in whichever direction those meant for surgery
    differ from the others in it. Nodal understaging:
    only surgery before any systemic therapy counts the nodes, so all other women carry too low an N
    class for their prognosis, which makes them look as if they did worse than they should. Favours surgery.

    Parameters
    ----------
    without
        Recorded columns that this study does not have. Default: none of it.
    add
        Columns that it has beyond a registry: hidden ones, `response` (columns `responded` and
        `progressed`), `occult`, `found_by_surgery` or `other_care` (whether she got treatment other than surgery).
    nodal_understaging
        Probability that a woman of class N1 to N3 who was not operated on before the evaluation of
        systemic therapy is registered one class lower. Needs a world with the columns N1, N2 and N3; elsewhere
        `recording.known_better_in_operated` is about any column. Default: none of it.

    Returns
    -------
    Measured
        Recorded columns in the order of the world, then the added ones in the order asked for.

    Raises
    ------
    UnknownColumn
        When a name does not exist, or is asked for on the wrong side.
    """
    patients = cohort.patients
    uniform = rng.random(cohort.size) if nodal_understaging > 0.0 else None
    _refuse(without, list(patients.recorded), "without", "recorded", patients.hidden)
    _refuse(add, [*patients.hidden, "response", *AFTERWARDS], "add", "hidden", patients.recorded)
    names = [name for name in patients.recorded if name not in without]
    for name in add:
        names += [new for new in (AFTERWARDS[:2] if name == "response" else (name,)) if new not in names]
    altered = {} if uniform is None else _understaged(cohort, uniform < nodal_understaging)
    return gather(cohort, names, altered)


def _refuse(names: tuple[str, ...], known: list[str], parameter: str, side: str, other: tuple[str, ...]) -> None:
    """Refuse the first name that is not known, naming what was probably meant."""
    for name in names:
        if name not in known:
            wrong_side = f"'{name}' is {'hidden' if side == 'recorded' else 'recorded'} in this world already"
            reason = wrong_side if name in other else f"no {side} column called '{name}'"
            raise UnknownColumn(f"measurement.registry.{parameter}", name, known, reason)


def _understaged(cohort: Cohort, too_low: np.ndarray) -> dict[str, Floats]:
    """The columns N1 to N3 with women not operated upfront one class lower where `too_low`."""
    columns = cohort.patients.columns
    missing = [name for name in NODES if name not in columns]
    if missing:
        reason = f"this world has no column '{missing[0]}', so there is no nodal stage to register too low; use 0"
        raise UnknownColumn("measurement.registry.nodal_understaging", missing[0], list(columns), reason)
    # nodes are counted where surgery comes before systemic therapy is evaluated; without systemic therapy, always
    evaluated = cohort.course.evaluated or np.inf
    upfront = cohort.operated_at < evaluated
    lowered = too_low & ~upfront
    kept = np.where(lowered, 0.0, 1.0)
    one, two, three = (columns[name] for name in NODES)
    return {"N1": one * kept + two * (1.0 - kept), "N2": two * kept + three * (1.0 - kept), "N3": three * kept}
