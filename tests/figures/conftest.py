"""A made-up study with the tables that the engine writes: two bias sources, a null effect, three designs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DESIGNS = {"registry": 0.0, "landmark": 6.0, "trial": 6.0}
METHODS = {
    "registry": {"cox": 0.57, "cox(adjust=true)": 0.60, "cox_matched": 0.64, "cox_time_dependent": 0.72, "rmst": 6.1,
                 "kaplan_meier": 0.17},
    "landmark": {"cox": 0.77, "cox(adjust=true)": 0.80, "cox_matched": 0.83},
    "trial": {"cox": 1.004, "cox(adjust=true)": 0.998, "rmst": 0.1},
}  # fmt: skip
HORIZONS = {"rmst": "rmst_difference(horizon=60)", "kaplan_meier": "survival_difference(at=36)"}


def estimand(method: str) -> str:
    marginal = "marginal_log_hazard_ratio" if method in ("cox", "cox_matched") else "conditional_log_hazard_ratio"
    return HORIZONS.get(method, marginal)


def cohort(rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
    frailty = rng.normal(0, 0.6, size)
    death = rng.exponential(37, size) * np.exp(-frailty)
    wait = np.where(rng.random(size) < 1 / (1 + np.exp(frailty)), 1 + rng.gamma(2.5, 2.2, size), np.inf)
    return {"death": death, "wait": wait, "lost": rng.uniform(36, 160, size)}


def kaplan_meier(time: np.ndarray, event: np.ndarray) -> pd.DataFrame:
    moments = np.unique(time[event])
    at_risk = (time[None, :] >= moments[:, None]).sum(1)
    deaths = ((time[None, :] == moments[:, None]) & event).sum(1)
    survival = np.cumprod(1 - deaths / at_risk)
    error = np.sqrt(np.cumsum(deaths / (at_risk * np.maximum(at_risk - deaths, 1))))
    low, high = survival * np.exp(-1.96 * error), np.minimum(survival * np.exp(1.96 * error), 1)
    rows = {"month": moments, "survival": survival, "low": low, "high": high}
    start = pd.DataFrame({name: [0.0 if name == "month" else 1.0] for name in rows})
    return pd.concat([start, pd.DataFrame(rows)], ignore_index=True)


def example_tables(size: int = 600) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(20230130)
    world = cohort(rng, size)
    curves, risks, bars, smd, ratios = [], [], [], [], []
    for design, zero in DESIGNS.items():
        end = np.minimum(np.minimum(world["death"], world["lost"]), 144.0)
        died = world["death"] <= end
        decided = np.where(world["wait"] < end, world["wait"], 0.0)
        exposed = world["wait"] < end if zero == 0 else (world["wait"] <= zero)
        keep = end > zero
        for name, mask in (("exposed", exposed), ("unexposed", ~exposed)):
            rows = keep & mask
            curves.append(kaplan_meier(end[rows] - zero, died[rows]).assign(group=name, kind="observed", design=design))
            for month in range(0, 121, 12):
                still = int((end[rows] - zero >= month).sum())
                events = int((died[rows] & (end[rows] - zero <= month)).sum())
                risks.append({"design": design, "group": name, "month": month, "at_risk": still, "events": events})
        month = np.arange(1.0, 100.0)
        fading = -1.2 * np.exp(-month / 8) * (zero == 0)
        constant = {"kind": "constant", "month": np.nan, "log_ratio": -0.2, "low": -0.3, "high": -0.1, "p": 0.0004 + zero / 10}
        seen = {"kind": "observed", "month": month, "log_ratio": fading, "low": fading - 0.2, "high": fading + 0.2}
        truly = {"kind": "truth", "month": month, "log_ratio": 0.0}
        ratios += [pd.DataFrame(rows, index=range(1 if rows is constant else 99)).assign(design=design)
                   for rows in (constant, seen, truly)]  # fmt: skip
        truth = kaplan_meier(world["death"][keep] - zero, np.ones(keep.sum(), bool))
        for name in ("all operated", "nobody operated"):
            curves.append(truth.assign(group=name, kind="truth", design=design))
        for row in np.flatnonzero(keep)[:30]:
            bars.append({"design": design, "patient": int(row), "group": "exposed" if exposed[row] else "unexposed",
                         "wait": world["wait"][row], "decided": decided[row], "end": end[row],
                         "died": bool(died[row]), "time_zero": zero})  # fmt: skip
        for covariate in ("age", "grade_3", "T_stage_3_4", "nodes", "HER2_positive", "bone_only", "comorbidity"):
            before = rng.normal(0, 0.25)
            for method in ("cox_matched", "cox_weighted") if design == "registry" else ("cox_matched",):
                after = before * rng.uniform(-0.15, 0.25)
                smd.append({"design": design, "method": method, "covariate": covariate, "smd_before": before,
                            "smd_after": after})  # fmt: skip
    columns = ["design", "group", "kind", "month", "survival", "low", "high"]
    return {"curves": pd.concat(curves)[columns], "at_risk": pd.DataFrame(risks), "person_time": pd.DataFrame(bars),
            "balance": pd.DataFrame(smd), "studies": literature(rng), "vibration": analyses(),
            "hazard_ratio": pd.concat(ratios)[["design", "kind", "month", "log_ratio", "low", "high", "p"]]}  # fmt: skip


def literature(rng: np.random.Generator) -> pd.DataFrame:
    """Twelve studies about a hazard ratio of 0.6, small ones and large ones."""
    error = np.geomspace(0.3, 0.08, 12)
    return pd.DataFrame({
        "design": "registry", "method": "cox", "study": np.arange(1, 13), "estimate": np.log(0.6) + error * rng.normal(size=12),
        "standard_error": error, "pooled": np.log(0.6),
    })  # fmt: skip


def analyses() -> pd.DataFrame:
    """Fifteen analyses of one data set, the lowest reported."""
    estimate = np.linspace(-0.4, 0.2, 15)
    p = np.minimum(1.0, np.exp(-20 * np.abs(estimate)))
    return pd.DataFrame({"design": "registry", "method": "cox", "model": [f"model {k}" for k in range(15)], "estimate": estimate,
                         "p": p, "reported": np.arange(15) == 0})  # fmt: skip


def performance(scenarios: pd.DataFrame, *, replicates: int = 1000) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, truths = [], []
    for scenario in scenarios["scenario"]:
        strength = 1 + 0.35 * (scenario % 3) + 0.5 * (scenario // 3)
        for design, methods in METHODS.items():
            for method, effect in methods.items():
                claim = estimand(method)
                mean = strength * (np.log(effect) if "hazard" in claim else effect)
                spread = {"rmst": 1.6, "kaplan_meier": 0.025}.get(method, 0.055 if design != "trial" else 0.11)
                z = mean / spread
                cover = 0.95 if abs(z) < 0.2 else max(0.0, 0.95 - abs(z) / 3)
                benefit = 0.025 if abs(z) < 0.2 else min(1.0, 0.2 + abs(z) / 4)
                used = replicates if method != "cox_matched" else replicates - 3
                values = {
                    "mean": (mean, spread / np.sqrt(used)), "bias": (mean, spread / np.sqrt(used)),
                    "empirical_se": (spread, spread / np.sqrt(2 * used)),
                    "coverage": (cover, np.sqrt(cover * (1 - cover) / used)),
                    "rejection": (benefit, np.sqrt(benefit * (1 - benefit) / used)),
                }  # fmt: skip
                for measure, (value, mcse) in values.items():
                    rows.append({"scenario": scenario, "design": design, "method": method, "estimand": claim,
                                 "truth": 0.0, "measure": measure, "value": value, "mcse": mcse, "used": used,
                                 "attempts": replicates})  # fmt: skip
                truths.append({"scenario": scenario, "design": design, "estimand": claim, "value": 0.0,
                               "mcse": 0.004, "cohort_size": 200000})  # fmt: skip
    return pd.DataFrame(rows), pd.DataFrame(truths).drop_duplicates()


def store(folder: Path, *, varied: dict[str, list], published: tuple[str, ...]) -> Path:
    """Write the tables and study.yaml of a study that varies these paths (full grid)."""
    (folder / "tables").mkdir(parents=True)
    grid = pd.MultiIndex.from_product(varied.values(), names=varied).to_frame(index=False) if varied else pd.DataFrame()
    scenarios = pd.DataFrame({"scenario": range(max(len(grid), 1)), "size": 2000}).join(grid)
    frames = {"scenarios": scenarios, **example_tables()}
    frames["performance"], frames["truths"] = performance(scenarios)
    for name, frame in frames.items():
        frame.to_csv(folder / "tables" / f"{name}.csv", index=False, float_format="%.12g")
    ids = "".join(f"  - {id}\n" for id in published)
    (folder / "study.yaml").write_text(f"study: {folder.name}\n" + (f"published:\n{ids}" if ids else ""))
    return folder


PUBLISHED = (
    "khan2002_ncdb", "gnerlich2007_seer", "rapiti2006_geneva", "babiera2006_mdacc", "rashaan2012_nl", "cady2008_mgh",
    "tata_badwe2015", "mf0701_soran2021_10y", "abcsg28_fitzal2019", "e2108_khan2022", "jcog1017_shien2025",
    "sidiropoulou2023_obs", "reinhorn2021_rct",
)  # fmt: skip


@pytest.fixture(scope="session")
def plain_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One scenario, beside published figures."""
    return store(tmp_path_factory.mktemp("results") / "paradox", varied={}, published=PUBLISHED)


@pytest.fixture(scope="session")
def varied_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two parameters varied, nothing published."""
    varied = {"treatment.by_prognosis.odds_ratio": [1.0, 2.0], "treatment.by_prognosis.median_wait": [1.0, 4.0, 8.0]}
    return store(tmp_path_factory.mktemp("results") / "immortal_time", varied=varied, published=())
