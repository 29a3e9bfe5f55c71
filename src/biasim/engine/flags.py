"""What is wrong with a design, in words: one flag for each open path, and for what is wrong though it opens none.

Each flag stands in the row of the target trial that the design departs from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from biasim.engine.arrows import SHARE
from biasim.engine.d_separation import Path, ancestors, colliders
from biasim.engine.diagram import COMPLETE, RECORD, REPORT, Diagram
from biasim.engine.interventions import CARE, DEPARTURE, EARLY, LOCAL, LOSS, OCCULT, SURGERY, YEAR
from biasim.engine.sight import ELIGIBLE, EXPOSURE, KNOWN, OUTCOME, SHORTEST, ZERO

ELIGIBILITY, STRATEGIES, ASSIGNMENT, TIME_ZERO = "eligibility", "strategies", "assignment", "time zero"
FOLLOW_UP, OUTCOMES, CONTRAST, ANALYSIS = "follow-up", "outcome", "contrast", "analysis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something wrong with a design, or with some of its analyses."""

    design: str
    analyses: tuple[str, ...]
    component: str  # of the target trial
    says: str
    path: Path = ()  # the open path behind it; () where there is none


def flags(diagram: Diagram) -> list[Flag]:
    """Everything wrong with one diagram, each thing once."""
    # where the operation itself brings women with occult metastases into the study, that is what is wrong with them
    entering = any(KNOWN in path and OCCULT in path for path in diagram.open)
    paths = [path for path in diagram.open if not (entering and path[1:3] == (SURGERY, OCCULT))]
    found = [(*named(path, diagram), path) for path in paths]
    found += [(component, says, ()) for component, says in _without_a_path(diagram)]
    found += [(FOLLOW_UP, informative(cause), ()) for cause in _of_loss(diagram) if not any({LOSS, cause} <= {*p} for p in paths)]
    told = {says: (component, path) for component, says, path in reversed(found)}
    return [
        Flag(design=diagram.design, analyses=diagram.analyses, component=component, says=says, path=path)
        for says, (component, path) in reversed(told.items())
    ]


def named(path: Path, diagram: Diagram) -> tuple[str, str]:
    """The component that an open path goes against, and what the path is."""
    first, pairs = path[1], {arrow.ends: arrow for arrow in diagram.arrows}
    if first == EARLY:
        return STRATEGIES, immortal(diagram)
    if first == REPORT:
        return ANALYSIS, "what is reported depends on the result"
    if DEPARTURE in path:
        return STRATEGIES, f"what was done in the arms depends on {path[path.index(DEPARTURE) + 1]}"
    if first != SURGERY:
        return STRATEGIES, f"exposure is recorded with an error that depends on {first}"
    if ZERO in path:
        months = pairs[SURGERY, ZERO].strength
        later = "later" if months > 0 else "earlier"
        return TIME_ZERO, f"time zero differs between groups: {abs(months):.1f} months {later} in the exposed"
    if path[2] == LOSS and LOSS not in diagram.given:
        return ELIGIBILITY, "who is in the study depends on loss to follow-up, and that on surgery"
    if meet := colliders(pairs, path) & diagram.given:
        return through(next(node for node in path if node in meet), path)
    if path[2] == LOCAL:
        return OUTCOMES, "the outcome counts local progression, which surgery prevents, and is read as death"
    if path[2] == OUTCOME:
        return OUTCOMES, "the outcome is recorded otherwise in the operated"
    if (SURGERY, CARE) in pairs and path[2] == CARE:
        return STRATEGIES, "co-intervention: other treatment goes with the choice of surgery"
    cause = path[2]
    if diagram.sight.probe.cohort.treatment.randomised.any():
        return ASSIGNMENT, f"chance left the arms unlike in {cause}{strength(cause, diagram)}"
    return ASSIGNMENT, f"no assignment at time zero: confounding by {cause}{strength(cause, diagram)}"


def immortal(diagram: Diagram) -> str:
    """How the exposure, or the analysis, uses what happens after time zero."""
    if diagram.use.drops_wait:
        return "exposure uses the future: the months that the exposed had to live until surgery are left out"
    months = next(arrow.strength for arrow in diagram.arrows if arrow.ends == (EARLY, EXPOSURE))
    months = months if diagram.use.ignores_dates else diagram.sight.ahead
    if months < SHORTEST:
        return "exposure uses the future: who dies before her operation counts as unexposed"
    return f"exposure uses the future: it is decided {months:.1f} months after time zero, and who dies before counts as unexposed"


def through(node: str, path: Path) -> tuple[str, str]:
    """A path that is open because a common effect of surgery and something else is given."""
    other = path[path.index(node) + 1]
    if node == LOSS:
        return FOLLOW_UP, f"loss to follow-up depends on surgery and on {other}"
    if node == COMPLETE:
        return ANALYSIS, f"missing values depend on surgery and on {other}, and only complete records are analysed"
    if node == RECORD:
        return ANALYSIS, "covariates are recorded otherwise in the operated"
    if node == KNOWN:
        return ELIGIBILITY, f"who is in the study depends on surgery and on {other}: found by the operation, she enters"
    if node.startswith(ELIGIBLE):
        return ELIGIBILITY, f"who is in the study ({node}) depends on surgery and on {other}"
    return ANALYSIS, f"'{node}', a consequence of surgery and of {other}, is among the covariates"


def strength(cause: str, diagram: Diagram) -> str:
    """How far apart those meant for surgery are from the others in a cause."""
    apart = next((arrow.strength for arrow in diagram.arrows if arrow.ends == (cause, SURGERY)), 0.0)
    if not apart or cause == OCCULT:
        return ""
    words = ("earlier", "later") if cause == YEAR else ("better off", "worse off")
    return f" (those meant for surgery are {words[apart > 0.0]} by {abs(apart):.2f} SD)"


def informative(cause: str) -> str:
    """Loss that depends on prognosis as much in the operated as in the others: it opens no path from surgery."""
    return f"loss to follow-up depends on {cause}: absolute survival is biased, and the hazard ratio where surgery works"


def _of_loss(diagram: Diagram) -> list[str]:
    """What those who are lost and what becomes of them both depend on, surgery and what the analysis is given aside."""
    if LOSS not in diagram.given:  # whoever is lost is left out: that is eligibility
        return []
    barred = diagram.given - {LOSS} | {SURGERY}
    pairs = [arrow.ends for arrow in diagram.arrows if barred.isdisjoint(arrow.ends)]
    of_outcome = ancestors([ends for ends in pairs if LOSS not in ends], [OUTCOME])
    return sorted({cause for cause, result in pairs if result == LOSS and cause in of_outcome})


def _without_a_path(diagram: Diagram) -> Iterator[tuple[str, str]]:
    seen, used = diagram.sight, diagram.use
    if seen.eligibility_ahead:
        yield ELIGIBILITY, "eligibility uses the future: what happens after time zero decides who is in the study"
    if seen.by_chance[EXPOSURE] > SHARE:
        yield STRATEGIES, "exposure is recorded with error"
    if seen.by_chance[OUTCOME] > SHARE:
        yield OUTCOMES, "outcome certified, not observed: it is recorded with error"
    if used.known_later:
        names = ", ".join(sorted(used.known_later))
        yield ANALYSIS, f"covariates measured after time zero are used as if known at it: {names}"
