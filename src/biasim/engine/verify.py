"""The same random cohorts through every kernel and through lifelines: how far apart are the answers?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from biasim.kernels import backend, cox
from biasim.kernels.kaplan_meier import curve, survival_at

TWINS_AGREE = 1e-10  # compiled against numpy, absolute, on standardised covariates
LIFELINES_AGREES = 1e-6  # lifelines stops its Newton steps earlier than our kernels do


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `biasim verify` prints, and whether every difference lies within its bound."""

    lines: tuple[str, ...]
    passed: bool


def verification(*, cohorts: int, seed: int) -> Verification:
    """Fit `cohorts` random cohorts with numpy, compiled (where built) and lifelines; the largest differences.

    Cohorts vary in size, ties, delayed entry and weights. Compared are Cox coefficients and model
    standard errors, and the Kaplan-Meier curve at the median time. lifelines' robust errors are
    left out: they differ from R's, and are wrong, with ties and delayed entry.
    """
    rng = np.random.default_rng(seed)
    twins, lifelines_cox, lifelines_km = [], [], []
    for number in range(cohorts):
        data = random_cohort(rng, number)
        with backend.using("numpy"):
            plain = fitted(data)
        if backend.compiled():
            with backend.using("compiled"):
                twins.append(np.abs(fitted(data) - plain).max())
        lifelines_cox.append(np.abs(lifelines_fit(data) - plain).max())
        lifelines_km.append(abs(lifelines_survival(data) - own_survival(data)))
    rows = [("Cox, numpy against lifelines", lifelines_cox, LIFELINES_AGREES)]
    rows += [("Kaplan-Meier against lifelines", lifelines_km, TWINS_AGREE)]
    if twins:
        rows.insert(0, ("Cox, compiled against numpy", twins, TWINS_AGREE))
    lines = [f"kernels in use: {'compiled (C)' if backend.compiled() else 'numpy (no compiled kernel was built)'}"]
    lines += [
        f"{what}: largest difference {max(gaps):.1e} over {cohorts} cohorts (allowed {bound:.0e})"
        for what, gaps, bound in rows
    ]
    return Verification(lines=tuple(lines), passed=all(max(gaps) <= bound for _, gaps, bound in rows))


def random_cohort(rng: np.random.Generator, number: int) -> dict[str, Any]:
    """A cohort of 100 to 400 patients; every second one tied by months, every third with delayed entry."""
    size = int(rng.integers(100, 400))
    covariates = rng.normal(size=(size, 4))
    covariates[:, 0] = covariates[:, 0] > 0
    time = rng.exponential(24.0 * np.exp(-covariates @ [0.5, 0.3, 0.0, -0.2]))
    end = rng.uniform(6.0, 60.0, size)
    event, time = time <= end, np.minimum(time, end)
    if number % 2:
        time = np.ceil(time)
    entry = np.where(rng.uniform(size=size) < 0.5, 0.0, 0.4) * time * (number % 3 == 0)
    weights = rng.integers(1, 4, size).astype(float) if number % 4 == 1 else np.ones(size)
    return {"time": time, "event": event, "covariates": covariates, "entry": entry, "weights": weights}


def fitted(data: dict[str, Any]) -> np.ndarray:
    """Coefficients, then model standard errors, from the kernel in use."""
    fit = cox.fit(**data)
    return np.concatenate([fit.coefficients, np.sqrt(np.diag(fit.covariance))])


def lifelines_fit(data: dict[str, Any]) -> np.ndarray:
    """The same from lifelines' CoxPHFitter, iterated to the end."""
    import pandas as pd
    from lifelines import CoxPHFitter

    frame = pd.DataFrame(data["covariates"]).rename(columns=str)
    frame = frame.assign(time=data["time"], event=data["event"], entry=data["entry"], weight=data["weights"])
    model = CoxPHFitter().fit(
        frame, "time", "event", entry_col="entry", weights_col="weight",
        fit_options={"precision": 1e-12, "r_precision": 1e-15, "max_steps": 60},
    )  # fmt: skip
    return np.concatenate([model.params_.to_numpy(), model.standard_errors_.to_numpy()])


def lifelines_survival(data: dict[str, Any]) -> float:
    """Kaplan-Meier survival at the median time, unweighted, without delayed entry, from lifelines."""
    from lifelines import KaplanMeierFitter

    curve_ = KaplanMeierFitter().fit(data["time"], data["event"])
    return float(curve_.predict(float(np.median(data["time"]))))


def own_survival(data: dict[str, Any]) -> float:
    """The same from our kernel."""
    at = float(np.median(data["time"]))
    return float(np.asarray(survival_at(curve(data["time"], data["event"]), at)).flat[0])
