"""The causal diagram of a study: what its world and its designs do, what each analysis is given, which paths that leaves open.

Nodes and arrows are those that changing one cause at a time shows (`interventions`, `arrows`, `sight`), the nodes that are
given those that an analysis conditions on (`analyses`). Nothing here knows the name of a part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from biasim.engine.analyses import Use, use
from biasim.engine.arrows import Arrow, by_calendar, into_departure, into_surgery, of_the_world
from biasim.engine.d_separation import Path, open_paths
from biasim.engine.interventions import (
    CARE,
    DEATH,
    DEPARTURE,
    EARLY,
    HIDDEN,
    LOCAL,
    LOSS,
    OCCULT,
    RECORDED,
    RESPONSE,
    SURGERY,
    YEAR,
    Probe,
    least_squares,
)
from biasim.engine.plan import DesignPlan, Plan
from biasim.engine.replicate import cohorts, view
from biasim.engine.sight import EXPOSURE, KNOWN, OUTCOME, ZERO, Sight, sight
from biasim.engine.streams import Streams

EXPLANATION = "explanation"  # the replicate that diagrams are measured on
SIZE = 20_000
ENOUGH = 4_000  # women to see from how much of a cause covariates tell
RECORD, COMPLETE, REPORT = "prognosis on record", "complete record", "result as reported"
ALL = 0.999  # share of a cause that the covariates must tell for it to be given
WHOLE = {YEAR: 0.98}  # a year of diagnosis is enough of a date
MEASURABLE = (RECORDED, HIDDEN, OCCULT, YEAR, RESPONSE, CARE)
PASSIVE = (DEATH, OUTCOME, LOSS, EARLY)  # a calendar that acts on these alone is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """One design as some of its analyses see it."""

    design: str
    analyses: tuple[str, ...]
    claims: tuple[str, ...]  # the estimand of each
    arrows: tuple[Arrow, ...]
    given: frozenset[str]
    open: tuple[Path, ...]  # from exposure as recorded to outcome as recorded, the true effect aside
    use: Use  # of the first of the analyses
    sight: Sight

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(node for arrow in self.arrows for node in arrow.ends))

    @property
    def effects(self) -> frozenset[tuple[str, str]]:
        return frozenset(arrow.ends for arrow in self.arrows if true_effect(arrow, self.sight))


def true_effect(arrow: Arrow, seen: Sight) -> bool:
    """Whether an arrow is an effect of surgery that the study is about: one on local progression is none where read as death."""
    return arrow.cause == SURGERY and (arrow.result == DEATH or (arrow.result == LOCAL and not seen.read_as_death))


def diagrams(plan: Plan) -> list[Diagram]:
    """Every design of a scenario, once for all analyses that see it alike, in the order of the file."""
    large = Plan(scenario=plan.scenario, size=SIZE, seed=plan.seed, worlds=plan.worlds, designs=plan.designs)
    streams = Streams(plan.seed, EXPLANATION)
    made = cohorts(large, streams)
    probes = [Probe(world=world, cohort=cohort, streams=streams) for world, cohort in zip(large.worlds, made, strict=True)]
    worlds = [tuple(of_the_world(probe)) for probe in probes]
    found: list[Diagram] = []
    for design in large.designs:
        seen = sight(probes[design.world], design.view)
        observed = view(large, design, made[design.world], streams)
        among = seen.present & seen.probe.cohort.treatment.randomised if _in_trial(seen) else seen.present
        heeded = (*by_calendar(seen.probe, among), *into_surgery(seen.probe, among), *into_departure(seen.probe, among))
        arrows = (*worlds[design.world], *heeded, *seen.arrows)
        uses = {label: use(observed, method) for label, method in design.methods.items()}
        found += _merged(design, seen, arrows, uses)
    return found


def _in_trial(seen: Sight) -> bool:
    return bool(seen.probe.cohort.treatment.randomised.any())


def _merged(design: DesignPlan, seen: Sight, arrows: tuple[Arrow, ...], uses: dict[str, Use]) -> list[Diagram]:
    """One diagram per different picture that the analyses get of the design."""
    alike: dict[tuple, Diagram] = {}
    for label, used in uses.items():
        made = diagram(design.name, label, seen, arrows, used)
        key = (made.arrows, made.given, used.known_later)
        old = alike.get(key)
        alike[key] = replace(old, analyses=(*old.analyses, label), claims=(*old.claims, used.claims)) if old else made
    return list(alike.values())


def diagram(design: str, label: str, seen: Sight, arrows: tuple[Arrow, ...], used: Use) -> Diagram:
    """The diagram of a design for an analysis that uses its data so."""
    drawn = [*arrows, *_of_dates(used, seen)]
    alike = set(MEASURABLE) - seen.varying
    drawn = [arrow for arrow in drawn if alike.isdisjoint(arrow.ends) and not (arrow.result == KNOWN and OCCULT in alike)]
    drawn += _early(drawn, seen)
    drawn = [*drawn, *_of_departures(used, drawn)] if used.as_treated or used.kept_to_arm else _without(drawn, DEPARTURE)
    given = {cause for cause in MEASURABLE if told(seen, cause, counting(seen, used)) >= WHOLE.get(cause, ALL)}
    recorded = list(_records(seen, used, given))
    drawn += recorded
    drawn = _connected(drawn)
    held = {arrow.result for arrow in recorded if arrow.result != COMPLETE or used.complete_cases}
    held |= {DEPARTURE} if used.kept_to_arm else set()
    nodes = {node for arrow in drawn for node in arrow.ends}
    # whoever is censored is followed as long as she is; where the lost are left out, loss is no more than a cause of that
    watched = set() if any(arrow.cause == LOSS for arrow in drawn) else {LOSS}
    kept = frozenset((given | held | seen.criteria | watched) & nodes)
    pairs = [arrow.ends for arrow in drawn]
    effects = [arrow.ends for arrow in drawn if true_effect(arrow, seen)]
    paths = tuple(open_paths(pairs, EXPOSURE, OUTCOME, kept, besides=effects, kind=_mechanism(frozenset(pairs))))
    return Diagram(
        design=design, analyses=(label,), claims=(used.claims,), arrows=tuple(drawn), given=kept, open=paths, use=used, sight=seen
    )


def _mechanism(pairs: frozenset[tuple[str, str]]) -> Callable[[Path], tuple[str, ...]]:
    """What a path is by how it leaves the exposure: an error of the record, a choice of surgery, one consequence of it.

    A path of one kind does not make another superfluous: where the record errs by prognosis, surgery is still chosen by it.
    """

    def kind(path: Path) -> tuple[str, ...]:
        if path[1] != SURGERY:
            return path[1:2]
        return path[1:3] if (SURGERY, path[2]) in pairs else (SURGERY, "chosen")

    return kind


def _of_dates(used: Use, seen: Sight) -> Iterator[Arrow]:
    """What an analysis that does not heed when exposure began brings back."""
    months = _wait(seen)
    if used.ignores_dates or used.drops_wait:
        yield Arrow(cause=EARLY, result=EXPOSURE, strength=months, unit="months")
    if used.from_exposure:
        yield Arrow(cause=SURGERY, result=ZERO, strength=months, unit="months")
        yield Arrow(cause=ZERO, result=OUTCOME, strength=months, unit="months")


def _wait(seen: Sight) -> float:
    """Mean months from time zero to surgery, among those operated on."""
    cohort = seen.probe.cohort
    rows = seen.present & cohort.operated
    months = cohort.operated_at[rows] - seen.entered.time_zero[rows]
    return float(months.mean()) if len(months) else 0.0


def _early(drawn: list[Arrow], seen: Sight) -> Iterator[Arrow]:
    """Early survival, where something depends on it: part of survival, and of what survival depends on by then."""
    if not any(arrow.cause == EARLY for arrow in drawn):
        return
    cohort, time_zero = seen.probe.cohort, seen.entered.time_zero[seen.present]
    until = max(float(time_zero.max(initial=0.0)), float(np.max(cohort.operated_at[cohort.operated], initial=0.0)))
    begins = {RESPONSE: cohort.course.evaluated, CARE: float(np.min(cohort.care.begins))}
    for arrow in list(drawn):
        if arrow.result == DEATH and arrow.cause != SURGERY and begins.get(arrow.cause, 0.0) < until:
            yield Arrow(cause=arrow.cause, result=EARLY, strength=arrow.strength, unit=arrow.unit)
    yield Arrow(cause=EARLY, result=DEATH, strength=1.0, unit="of women")


def _of_departures(used: Use, drawn: list[Arrow]) -> Iterator[Arrow]:
    """In a trial: departures decide who is operated on, or who still counts."""
    if any(arrow.result == DEPARTURE for arrow in drawn):
        yield Arrow(cause=SURGERY, result=DEPARTURE, strength=1.0, unit="of women")
        if used.as_treated:
            yield Arrow(cause=DEPARTURE, result=EXPOSURE, strength=1.0, unit="of women")


def _without(drawn: list[Arrow], node: str) -> list[Arrow]:
    return [arrow for arrow in drawn if node not in arrow.ends]


def counting(seen: Sight, used: Use) -> list[str]:
    """The covariates that an analysis adjusts for in everybody: those with gaps only where the gaps do no harm.

    They do none where those with a gap are left out (that is a selection, and drawn as one), or imputed from all that
    decides who has one.
    """
    whole = [name for name in used.columns if not seen.columns[name].gaps]
    if used.unadjusted_gaps:
        return whole
    decides = (seen.missing or frozenset()) & set(MEASURABLE) & seen.varying
    if used.complete_cases or all(told(seen, cause, whole) >= WHOLE.get(cause, ALL) for cause in decides):
        return list(used.columns)
    return whole


def told(seen: Sight, cause: str, names: list[str]) -> float:
    """The share of a cause's variation that some covariates account for, in women in whom none of them is missing."""
    if cause not in seen.varying or not names:
        return 0.0
    rows = np.flatnonzero(seen.present)
    columns = np.column_stack([seen.columns[name].values[rows] for name in names])
    full = np.flatnonzero(~np.isnan(columns).any(axis=1))[:ENOUGH]
    value, kept = seen.probe.scores[cause][rows[full]], list(columns[full].T)
    *weights, constant = least_squares(kept, value)
    left = value - constant - sum(weight * column for weight, column in zip(weights, kept, strict=True))
    return 1.0 - float(left.var() / max(value.var(), 1e-12))


def _records(seen: Sight, used: Use, given: set[str]) -> Iterator[Arrow]:
    """What the record makes of covariates: told in part or with error, missing, a consequence; and of the result."""
    traits = seen.probe.cohort.patients.columns
    wrong = {name: seen.columns[name].causes for name in used.columns if not seen.columns[name].exact}
    of_traits = {cause for name, causes in wrong.items() if name in traits for cause in causes}
    if RECORDED not in given and RECORDED in seen.varying and (of_traits or told(seen, RECORDED, list(used.columns)) > 0.01):
        yield from _all_into(RECORD, of_traits | {RECORDED})
    for name, causes in wrong.items():
        if name not in traits and SURGERY in causes:
            yield from _all_into(name.replace("_", " "), causes)
    if seen.missing is not None and used.columns:
        yield from _all_into(COMPLETE, seen.missing)
    if used.by_result:
        yield from _all_into(REPORT, {EXPOSURE, OUTCOME})


def _all_into(result: str, causes: set[str] | frozenset[str]) -> Iterator[Arrow]:
    for cause in sorted(causes):
        yield Arrow(cause=cause, result=result, strength=1.0, unit="of women")


def _connected(drawn: list[Arrow]) -> list[Arrow]:
    """Without the calendar, or local progression, where it plays no part; each arrow once."""
    left_out = set()
    if not any(arrow.cause == YEAR and arrow.result not in PASSIVE for arrow in drawn):
        left_out.add(YEAR)
    if (LOCAL, OUTCOME) not in [arrow.ends for arrow in drawn]:
        left_out.add(LOCAL)
    kept = {arrow.ends: arrow for arrow in drawn if not left_out & set(arrow.ends)}
    return list(kept.values())
