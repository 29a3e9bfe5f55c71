"""Two unknowns: the curve along which an analysis reports one hazard ratio although surgery does nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from biasim.config.lines import Analysis
from biasim.config.study import Study
from biasim.engine.amount import amount
from biasim.engine.paired import Difference
from biasim.engine.response import Axis, Response, mean_of
from biasim.engine.rooted import Crossing, crossings, refined, slope_at
from biasim.engine.solve import Target, asked, ends_of, target_of

PATIENTS = 40_000  # at every point where nothing is said: about a hundred points are simulated
ACROSS, UP = 9, 7  # points over the range of the first unknown, and of the second
ROUNDS = 3  # of narrowing


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCurve:
    """A value of the first unknown and the one of the second that goes with it; nan where the curve has left the range."""

    first: float
    second: float
    mcse: float
    low: float  # where the limits of the target are met, Monte Carlo error included; nan: outside the range, or no interval
    high: float
    crossed: int  # times that the second unknown meets the target here


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Everything that `biasim solve` prints for two unknowns."""

    analysis: Analysis
    axes: tuple[Axis, Axis]
    target: Target
    grid: tuple[tuple[float, float, Difference], ...]  # first, second, mean log hazard ratio
    points: tuple[OnCurve, ...]
    estimand: str
    size: int
    replicates: int


def curve(
    study: Study,
    *,
    size: int | None = None,
    replicates: int | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Curve:
    """The inversion of a study with two unknowns: the second, at values of the first. Raises BiasimError as `solve` does."""
    wanted = asked(study)
    axes, target = tuple(map(Axis.of, wanted.unknowns)), target_of(wanted)
    size, replicates = amount(study, PATIENTS, size, replicates)
    analysis = Analysis(study=study, design=wanted.design, method=wanted.method)
    response = Response(analysis, axes, size=size, replicates=replicates, workers=workers, progress=progress)
    across = [axes[0].value(u) for u in np.linspace(0.0, 1.0, ACROSS).tolist()]
    up = np.linspace(0.0, 1.0, UP).tolist()
    places = [(first, axes[1].value(u)) for first in across for u in up]
    means = [mean_of(one) for one in response(places)]
    wishes = [target.value, *ends_of(target, means)]
    found = [
        crossing
        for row, first in enumerate(across)
        for wish in wishes
        for crossing in crossings(up, means[row * UP : (row + 1) * UP], wish, (first,))
    ]
    rooted = refined(response, axes[1], found, ROUNDS)
    return Curve(
        analysis=analysis, axes=axes, target=target,  # type: ignore[arg-type]
        grid=tuple((*place, mean) for place, mean in zip(places, means, strict=True)),
        points=tuple(on_curve(response, axes[1], first, wishes, rooted) for first in across),
        estimand=response.estimand, size=size, replicates=replicates,
    )  # fmt: skip


def on_curve(response: Response, axis: Axis, first: float, wishes: Sequence[float], rooted: Sequence[Crossing]) -> OnCurve:
    """The second unknown at one value of the first; the first crossing where there are several."""
    here = [one for one in rooted if one.beside == (first,)]
    own = [one for one in here if one.wish == wishes[0]]
    limits = [next((axis.value(one.at) for one in here if one.wish == wish), np.nan) for wish in wishes[1:]] or [np.nan, np.nan]
    bottom, top = (mean_of(one).value for one in response([(first, axis.low), (first, axis.high)]))
    low, high = limits if bottom < top else reversed(limits)  # a larger ratio lies higher up where the response rises
    if not own:
        return OnCurve(first=first, second=np.nan, mcse=np.nan, low=low, high=high, crossed=0)
    at = own[0].at
    reported = mean_of(response([(first, axis.value(at))])[0])
    error = reported.mcse / abs(slope_at(response, axis, at, (first,)))
    return OnCurve(first=first, second=axis.value(at), mcse=error * axis.stretch(at), low=low, high=high, crossed=len(own))
