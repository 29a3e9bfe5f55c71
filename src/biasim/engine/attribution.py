"""From the truth to what a design reports: what each mechanism that the study can switch off adds to the bias.

The players are the mechanisms of `switches`, the value of a set of them is the bias of the analysis with these on and the others
off, and a mechanism's share is its Shapley value: what it adds when it enters, on average over all orders of entry. Every
set is put to the same patients, so that shares are linear in paired estimates and their errors come from replicates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, sqrt

import numpy as np

from biasim.config.lines import Analysis
from biasim.config.study import Design
from biasim.config.variants import Variants
from biasim.engine.amount import amount
from biasim.engine.coalitions import Coalitions
from biasim.engine.paired import Case, Difference, Paired, moments, paired
from biasim.engine.streams import Streams
from biasim.engine.truth_of import truths_of
from biasim.errors import BiasimError, StudyRefused
from biasim.types import Floats

PATIENTS = 200_000  # put to every set of mechanisms where nothing is said
FEWEST, MANY = 40_000, 64  # the same where there are more than so many sets: the whole stays affordable down to the fewest
MOSTLY = 0.5  # share of the replicates in which every set must give an estimate
EXACT = 1e-13  # differences of means below it are rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One mechanism: its share of the bias, and beside it what it moves alone and what is lost without it."""

    mechanism: str
    moved: Difference
    orders_mcse: float  # the error that sampled orders add; 0 where every order counts
    alone: Difference  # on, against all off
    left_out: Difference  # all on, against all but this one
    reached: float  # the estimate after this bar

    @property
    def error(self) -> float:
        """Of replicates and of sampled orders together."""
        return hypot(self.moved.mcse, self.orders_mcse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Everything that `biasim attribute` prints: truth + not switched + shares = apparent."""

    analysis: Analysis
    estimand: str
    truth: Difference
    not_switched: Difference  # the bias with every switch off
    shares: tuple[Share, ...]
    apparent: Difference  # the mean estimate of the study as written
    switched: Difference  # the sum of the shares
    size: int
    replicates: int
    sets: int  # of mechanisms, each simulated
    orders: int  # sampled; 0: every order counts


def attribute(
    analysis: Analysis,
    *,
    size: int | None = None,
    replicates: int | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Attribution:
    """The bias of one analysis by mechanism; about 200,000 patients a set where nothing is said, fewer if there are many sets.

    Raises
    ------
    BiasimError
        Where the study has no switches, a set of switches is refused, or an analysis mostly gives no estimate or has no truth.
    """
    study, names = analysis.study, list(analysis.study.switches)
    if not names:
        raise BiasimError(f"{study.source}: no 'switches', and nothing else says which mechanisms the study has")
    sets = Coalitions.of(len(names), Streams(study.seed, "orders")("attribution"))
    size, replicates = amount(study, affordable(len(sets.masks)), size, replicates)
    designs = switched_designs(analysis, names, sets.masks)
    found = paired([Case(design, analysis.method) for design in designs], size=size, seed=study.seed, replicates=replicates,
                   workers=workers, progress=progress)  # fmt: skip
    answered(found, analysis, names, sets.masks)
    truths = truths_of(study, designs, found.estimands, workers)
    untrue = [place for place, answer in enumerate(truths) if np.isnan(answer.value)]
    if untrue:
        place = untrue[0]
        raise BiasimError(f"{said(analysis, names, sets.masks[place])}: no truth to begin from: {truths[place].message}")
    estimates = found.estimates[:, found.usable(range(len(designs)))]
    true = np.array([[answer.value] for answer in truths])
    bias = Biases(estimates - true, np.array([answer.mcse for answer in truths]))
    full, none = sets.place(sets.everybody), sets.place(0)
    left = bias.combined(unit(none, len(designs)))
    return Attribution(
        analysis=analysis, estimand=found.estimands[full], truth=Difference(truths[full].value, truths[full].mcse, 0),
        not_switched=left, shares=shares(names, sets, bias, truths[full].value + left.value),
        apparent=moments(estimates[full]), switched=bias.combined(unit(full, len(designs)) - unit(none, len(designs))),
        size=size, replicates=replicates, sets=len(sets.masks), orders=len(sets.orders),
    )  # fmt: skip


def affordable(sets: int) -> int:
    """Patients to be put to each of so many sets of mechanisms."""
    return PATIENTS if sets <= MANY else max(FEWEST, PATIENTS * MANY // sets)


@dataclass(frozen=True, slots=True)
class Biases:
    """The bias of every set of mechanisms in every replicate, and the error of the truths in it."""

    of: Floats  # (sets, replicates)
    truth_mcse: Floats  # (sets,)

    def combined(self, weights: Floats) -> Difference:
        """A weighted sum over sets. Errors of truths are taken as independent, which none of them is: an upper bound."""
        found = moments(weights @ self.of)
        value = 0.0 if abs(found.value) < EXACT else found.value
        mcse = 0.0 if found.mcse < EXACT else found.mcse
        of_truths = sqrt(float(((weights * self.truth_mcse) ** 2).sum()))
        return Difference(value, hypot(mcse, of_truths), found.used)


def shares(names: Sequence[str], sets: Coalitions, bias: Biases, start: float) -> tuple[Share, ...]:
    """The bars in the order of the file."""
    made, reached, every = [], start, len(sets.masks)
    orders_mcse = sets.orders_mcse(bias.of.mean(axis=1))
    for player, name in enumerate(names):
        moved = bias.combined(sets.weights[player])
        reached += moved.value
        own = 1 << player
        alone = unit(sets.place(own), every) - unit(sets.place(0), every)
        without = unit(sets.place(sets.everybody), every) - unit(sets.place(sets.everybody ^ own), every)
        made.append(Share(mechanism=name, moved=moved, orders_mcse=float(orders_mcse[player]), alone=bias.combined(alone),
                          left_out=bias.combined(without), reached=reached))  # fmt: skip
    return tuple(made)


def unit(place: int, length: int) -> Floats:
    return np.eye(1, length, place)[0]


def switched_designs(analysis: Analysis, names: Sequence[str], masks: Sequence[int]) -> list[Design]:
    """The design with the mechanisms of each set on and the others off."""
    variants, made = Variants(analysis.study, analysis.design), []
    for mask in masks:
        try:
            made.append(variants(changes(analysis.study.switches, names, mask), lenient=True))
        except StudyRefused as refused:
            first = refused.problems[0]
            raise BiasimError(f"{said(analysis, names, mask)}, and then {first.path}: {first.found}") from refused
        if analysis.method not in made[-1].methods:
            raise BiasimError(f"{said(analysis, names, mask)}, and then no method is called '{analysis.method}'")
    return made


def changes(switches: Mapping[str, Mapping[str, object]], names: Sequence[str], mask: int) -> dict[str, object]:
    """The changes that turn off whatever is not in the set."""
    off = [name for player, name in enumerate(names) if not mask >> player & 1]
    return {path: value for name in off for path, value in switches[name].items()}


def answered(found: Paired, analysis: Analysis, names: Sequence[str], masks: Sequence[int]) -> None:
    """Refuse sets that mostly give no estimate: shares are means over replicates in which every set has one."""
    attempts = found.estimates.shape[1]
    for place, endings in enumerate(found.endings):
        if endings["ok"] < MOSTLY * attempts:
            ending, count = next((one for one in endings.most_common() if one[0] != "ok"), ("", 0))
            raise BiasimError(f"{said(analysis, names, masks[place])}, and then there is no estimate: {ending} {count} times")
    kinds = {claim.partition("(")[0] for claim in found.estimands}
    if len(kinds) > 1:
        raise BiasimError(f"{analysis.study.source}: the switches change what is estimated: {' and '.join(sorted(kinds))}")
    if found.usable(range(len(masks))).sum() < max(2, MOSTLY * attempts):
        raise BiasimError(f"{analysis.study.source}: too few replicates in which every set of mechanisms gives an estimate")


def said(analysis: Analysis, names: Sequence[str], mask: int) -> str:
    """`configs/paradox.yaml: design 'registry', 'crude', with 'immortal time' and 'stage migration' switched off`."""
    *most, last = [f"'{name}'" for player, name in enumerate(names) if not mask >> player & 1] or ["nothing"]
    off = f"{', '.join(most)} and {last}" if most else last
    return f"{analysis.study.source}: design '{analysis.design}', '{analysis.method}', with {off} switched off"
