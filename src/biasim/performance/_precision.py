"""How many replicates buy which Monte Carlo standard error.

Every formula of table 6 of Morris, White and Crowther 2019 (doi 10.1002/sim.8086) has the form
MCSE^2 = c / (n - k). With s the empirical SE, b the bias, p a share and v the coefficient of variation
of the squared model SE:

==============  ==================  ===
measure         c                   k
==============  ==================  ===
mean, bias      s^2                 0
empirical_se    s^2 / 2             1
model_se        v^2 s^2 / 4         0    (model SE about s)
relative_error  v^2 / 4 + 1 / 2     1    (model SE about s; k = 1 for both terms)
mse             2 s^4 + 4 s^2 b^2   0    (normal estimates)
shares          p (1 - p)           0    (coverage, rejection, convergence)
==============  ==================  ===
"""

from __future__ import annotations

from math import ceil, isnan, nan, sqrt

from biasim.errors import UnknownPart

SHARES = ("coverage", "bias_eliminated_coverage", "rejection", "convergence")


def replicates_for(
    measure: str,
    target_mcse: float,
    *,
    empirical_se: float = 1.0,
    bias: float = 0.0,
    share: float = 0.95,
    variation: float = 0.0,
) -> int:
    """Replicates needed for a measure to have this MCSE, at least 2; what is expected comes as keywords.

    Raises UnknownPart for a measure without a formula, ValueError unless `target_mcse` is above 0.
    """
    if not target_mcse > 0.0:
        raise ValueError(f"a Monte Carlo standard error to aim at must be above 0, not {target_mcse}")
    factor, lost = _factor(measure, empirical_se, bias, share, variation)
    return max(2, lost + ceil(factor / target_mcse**2 * (1.0 - 1e-12)))  # 1e-12: 0.25 / 0.005^2 is 10,000


def mcse_for(
    measure: str,
    replicates: int,
    *,
    empirical_se: float = 1.0,
    bias: float = 0.0,
    share: float = 0.95,
    variation: float = 0.0,
) -> float:
    """MCSE that this many replicates buy; nan when they are too few to have one."""
    factor, lost = _factor(measure, empirical_se, bias, share, variation)
    return sqrt(factor / (replicates - lost)) if replicates > lost else nan


def replicates_from(mcse: float, used: int, target_mcse: float) -> int:
    """Replicates in all, judged from the MCSE that `used` of them have given: it falls as 1 / sqrt(n).

    Twice as many where the MCSE is still unknown (nan) or, for a share of exactly 0 or 1, 0 by
    formula: neither says that the target is met.
    """
    if isnan(mcse) or mcse == 0.0:
        return 2 * max(used, 1)
    return max(used, ceil(used * (mcse / target_mcse) ** 2 * (1.0 - 1e-12))) if mcse > target_mcse else used


def _factor(measure: str, empirical_se: float, bias: float, share: float, variation: float) -> tuple[float, int]:
    """The c and k of MCSE^2 = c / (n - k)."""
    variance = empirical_se**2
    known = {
        "mean": (variance, 0),
        "bias": (variance, 0),
        "empirical_se": (variance / 2.0, 1),
        "model_se": (variation**2 * variance / 4.0, 0),
        "relative_error": (variation**2 / 4.0 + 0.5, 1),
        "mse": (2.0 * variance**2 + 4.0 * variance * bias**2, 0),
    } | dict.fromkeys(SHARES, (share * (1.0 - share), 0))
    if measure not in known:
        raise UnknownPart("performance", measure, list(known))
    return known[measure]
