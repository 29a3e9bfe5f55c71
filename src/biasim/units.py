"""Parameter types with unit and range: the annotations from which the study grammar is built.

A part writes `median_wait: Months = 4.0`; the grammar reads unit and range from the
annotation, `biasim parts` prints them, and a value outside the range is refused before
anything runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit a number is given in, as printed on axes and in `biasim parts`."""

    name: str


@dataclass(frozen=True, slots=True)
class Within:
    """The closed range of a number; `above` makes the lower end open, `below` the upper."""

    low: float = -inf
    high: float = inf
    above: bool = False
    below: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """The value of a parameter at which the bias it drives vanishes."""

    value: object


@dataclass(frozen=True, slots=True)
class Gives:
    """On what a part returns: something that other parts may need. A word that stands in their `Needs`."""

    what: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What a part cannot do without; the grammar refuses the combination and says why.

    Stands on what the part returns, or on a parameter, and counts there while that has one of the values in `when`.
    """

    of: tuple[tuple[str, str], ...]  # (room, what its part must give; "" for any part but the neutral one): one of these will do
    otherwise: str  # what is the matter without it, in words
    when: tuple[object, ...] = ()  # of a parameter: the values that need it


@dataclass(frozen=True, slots=True)
class Consequence:
    """On what a part of the view returns: it changes with how a woman is treated, so that truths do without it.

    A criterion of that kind is no baseline of a contrast of strategies: it does not restrict the population of the truth. A time
    zero of that kind is a moment of neither strategy: truths are taken from diagnosis.
    """


OF_TREATMENT = Consequence()
RANDOMISATION = "randomisation"
CAUSES = "causes of death"
A_TRIAL = Needs((("treatment", RANDOMISATION),), "nobody is randomised")
FROM_RANDOMISATION = Needs((("time_zero", RANDOMISATION),), "follow-up does not start when the arm is assigned")
OTHER_CAUSES = Needs((("survival", CAUSES), ("outcome", "")), "every death is of the cancer")
TWO_CAUSES = Needs((("survival", CAUSES),), "every death is of the cancer")
IF_OTHER = replace(OTHER_CAUSES, when=("other",))
LOCAL_PROGRESSION = Needs((("local", ""),), "no primary tumour ever progresses")

Months = Annotated[float, Unit("months"), Within(0.0)]
PositiveMonths = Annotated[float, Unit("months"), Within(0.0, above=True)]
CalendarYear = Annotated[float, Unit("calendar year"), Within(1900.0, 2100.0)]
Years = Annotated[float, Unit("years"), Within(0.0)]
PerMonth = Annotated[float, Unit("per month"), Within(0.0)]
Probability = Annotated[float, Unit("probability"), Within(0.0, 1.0)]
OpenProbability = Annotated[float, Unit("probability"), Within(0.0, 1.0, above=True, below=True)]
Reliability = Annotated[float, Unit("reliability"), Within(0.0, 1.0, above=True)]
UpperShare = Annotated[float, Unit("probability"), Within(0.5, 1.0, above=True)]
OddsRatio = Annotated[float, Unit("odds ratio"), Within(0.0, above=True)]
HazardRatio = Annotated[float, Unit("hazard ratio"), Within(0.0, above=True)]
LogRatio = Annotated[float, Unit("log ratio"), Within(-20.0, 20.0)]
Logit = Annotated[float, Unit("logit"), Within(-20.0, 20.0)]
Deviation = Annotated[float, Unit("standard deviation"), Within(0.0)]
SeveralClasses = Annotated[int, Unit("count"), Within(2, 100)]
Difference = Annotated[float, Unit("standard deviation"), Within(-1.0, 1.0)]
Correlation = Annotated[float, Unit("correlation"), Within(-1.0, 1.0)]
Positive = Annotated[float, Unit("number"), Within(0.0, above=True)]
Exponent = Annotated[float, Unit("exponent"), Within(0.0, 5.0)]
Number = Annotated[float, Unit("number")]
Count = Annotated[int, Unit("count"), Within(0)]
PositiveCount = Annotated[int, Unit("count"), Within(1)]
SeveralTimes = Annotated[int, Unit("count"), Within(2)]
