"""The parameters of `patients.de_novo`, grouped by what they describe; the numbers live in world files alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from biasim.cohort.levels import BySubtype, SubtypeShares, add_up
from biasim.units import CalendarYear, Deviation, Logit, LogRatio, Number, OpenProbability, Positive, Probability, Unit, Within

AgeInYears = Annotated[float, Unit("years"), Within(0.0, 120.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Years of diagnosis, all equally likely; `reference_year` is where the covariate `year` is 0."""

    first_year: CalendarYear
    last_year: CalendarYear
    reference_year: CalendarYear

    def __post_init__(self) -> None:
        if self.first_year > self.last_year:
            raise ValueError(f"first_year {self.first_year:g} after last_year {self.last_year:g}; expected them in order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """Age at diagnosis, normal, cut off at both ends; `reference` is where the covariate `age` (decades) is 0."""

    mean: AgeInYears
    sd: Annotated[float, Unit("years"), Within(0.0, above=True)]
    low: AgeInYears
    high: AgeInYears
    reference: AgeInYears

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} and high {self.high:g}; expected low below high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comorbidity:
    """Charlson-Deyo index at the reference age: share with 1 and with 2 or more; both odds grow with age."""

    cci1: OpenProbability
    cci2: OpenProbability
    per_decade: LogRatio

    def __post_init__(self) -> None:
        if self.cci1 + self.cci2 >= 1.0:
            raise ValueError(f"cci1 and cci2 add up to {self.cci1 + self.cci2:g}; expected less than 1: some have neither")


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """ECOG 0, 1, 2, 3-4 by cumulative logit: worse than the k-th class where the latent sum exceeds the k-th cut."""

    cut1: Logit
    cut2: Logit
    cut3: Logit
    age: LogRatio
    cci1: LogRatio
    cci2: LogRatio
    brain: LogRatio
    burden: LogRatio
    liver: LogRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class Payers:
    """Shares of insurance status in one age group."""

    private: Probability
    medicare: Probability
    medicaid: Probability
    uninsured: Probability

    def __post_init__(self) -> None:
        add_up(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Insurance:
    """Insurance below and from the age of 65."""

    under65: Payers
    over65: Payers


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """Shares of hospital types."""

    academic: Probability
    comprehensive: Probability
    community: Probability
    integrated: Probability

    def __post_init__(self) -> None:
        add_up(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a woman brings with her."""

    age: Age
    comorbidity: Comorbidity
    performance: Performance
    insurance: Insurance
    facility: Facility


@dataclass(frozen=True, slots=True, kw_only=True)
class TStage:
    """Shares of tumour classes."""

    T1: Probability
    T2: Probability
    T3: Probability
    T4: Probability

    def __post_init__(self) -> None:
        add_up(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class NStage:
    """Shares of nodal classes, as they truly are."""

    N0: Probability
    N1: Probability
    N2: Probability
    N3: Probability

    def __post_init__(self) -> None:
        add_up(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tumour:
    """The primary tumour: subtype, grade III by subtype, T and N."""

    subtype: SubtypeShares
    grade3: BySubtype
    t_stage: TStage
    n_stage: NStage


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One number for each metastatic pattern."""

    bone_only: Number
    lung_only: Number
    liver_only: Number
    brain_only: Number
    other_only: Number
    multiple: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternBySubtype:
    """Factors by which a subtype changes the chance of each pattern."""

    hr_pos_her2_neg: Pattern
    hr_pos_her2_pos: Pattern
    hr_neg_her2_pos: Pattern
    tnbc: Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class SitesOfMultiple:
    """Shares with two, three and four sites among patients with several."""

    two: Probability
    three: Probability
    four: Probability

    def __post_init__(self) -> None:
        add_up(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWeights:
    """Weights by which several sites are drawn, one after the other, without repetition."""

    bone: Positive
    lung: Positive
    liver: Positive
    brain: Positive
    other: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The metastases: pattern (base share times tilt), sites, and the latent log tumour load."""

    base: Pattern
    tilt: PatternBySubtype
    sites_of_multiple: SitesOfMultiple
    site_weights: SiteWeights
    burden: Pattern
    burden_sd: Deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class Occult:
    """Patients whose metastases the first staging does not see: share by year, less burden, own T and N."""

    share_first_year: Probability
    share_last_year: Probability
    burden_shift: Number
    t_stage: TStage
    n_stage: NStage
