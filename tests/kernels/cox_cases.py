"""Random Cox problems, the likelihood by definition, and a linear program that knows about separation: for the Cox tests."""

import numpy as np
from scipy.optimize import linprog

from biasim.kernels import backend, cox

PATHS = ["numpy"] + (["compiled"] if backend.COX is not None else [])


def fit_on(path, *data, **options):
    with backend.using(path):
        return cox.fit(*data, **options)


def errors(covariance):
    return np.sqrt(np.diag(covariance))


def column(rng, n):
    """One covariate of a random kind: normal, rare, counted, constant, dollars, far from zero."""
    kind = rng.integers(8)
    normal = rng.normal(size=n)
    return (normal, rng.random(n) < 0.3, rng.integers(0, 3, n), np.full(n, 0.1), 5e4 * np.exp(normal), 1e6 + normal,
            normal, normal)[kind]  # fmt: skip


def random_case(seed):
    """A problem with ties, late entry, strata, weights (some zero), clusters and collinear columns, each in some cases."""
    rng = np.random.default_rng(seed)
    n, p = int(rng.choice([1, 2, 3, 5, 8, 15, 30, 60, 200])), int(rng.choice([0, 1, 2, 3, 4, 5, 8, 9, 13]))
    x = np.column_stack([column(rng, n) for _ in range(p)]) if p else np.empty((n, 0))
    if p > 2 and rng.random() < 0.3:
        x[:, 2] = x[:, 0] - 2 * x[:, 1]
    effect = x[:, 0] / (1 + np.abs(x[:, 0]).max()) if p else 0
    time = rng.exponential(size=n) * np.exp(-effect) * 10 + 0.01
    time = np.ceil(time * rng.choice([1, 3])) if rng.random() < 0.5 else time
    event = rng.random(n) < rng.choice([0.1, 0.5, 0.9, 1])
    options = {"ties": str(rng.choice(["efron", "breslow"])), "robust": bool(rng.random() < 0.5)}
    if rng.random() < 0.4:
        options["entry"] = (
            time * rng.choice([0, 0.3, 0.9], size=n) if rng.random() < 0.5 else np.floor(time * rng.random(n))
        )
    if rng.random() < 0.4:
        options["weights"] = rng.choice([0, 0.5, 1, 2, 3.7], size=n) if rng.random() < 0.5 else rng.exponential(size=n)
    if rng.random() < 0.3:
        options["strata"] = rng.integers(0, rng.choice([2, max(2, n // 3)]), n)
    if rng.random() < 0.3:
        options["cluster"] = rng.integers(0, max(1, n // 2), n)
    return (time, event, x), options


def risk_sets(time, event, *, entry=None, weights=None, strata=None, **_):
    """(rows at risk, rows that die) for each death time of each stratum, by definition."""
    n = len(time)
    entry = np.full(n, -np.inf) if entry is None else entry
    weights = np.ones(n) if weights is None else weights
    strata = np.zeros(n, dtype=int) if strata is None else strata
    present = (weights > 0) & (entry < time)
    for stratum in np.unique(strata):
        mine = present & (strata == stratum)
        for moment in np.unique(time[mine & event]):
            yield (
                np.flatnonzero(mine & (entry < moment) & (time >= moment)),
                np.flatnonzero(mine & event & (time == moment)),
            )


def by_definition(beta, time, event, x, *, ties="efron", weights=None, **options):
    """Log likelihood, information and weighted score residuals (n, p) from their definitions, risk set by risk set."""
    weights = np.ones(len(time)) if weights is None else weights
    risk = weights * np.exp(x @ beta)
    value, information, scores = 0.0, np.zeros((x.shape[1],) * 2), np.zeros(x.shape)
    for at_risk, dying in risk_sets(time, event, weights=weights, **options):
        value += weights[dying] @ (x[dying] @ beta)
        mean_weight = weights[dying].mean()
        for k in range(len(dying)):
            share = np.where(np.isin(at_risk, dying), 1 - (k / len(dying) if ties == "efron" else 0), 1.0)
            total = (risk[at_risk] * share).sum()
            mean = (risk[at_risk] * share) @ x[at_risk] / total
            apart = x[at_risk] - mean
            value -= mean_weight * np.log(total)
            information += mean_weight * (apart * (risk[at_risk] * share)[:, None]).T @ apart / total
            scores[dying] += weights[dying, None] * (x[dying] - mean) / len(dying)
            scores[at_risk] -= (risk[at_risk] * share)[:, None] * apart * mean_weight / total
    return value, information, scores


def has_no_maximum(time, event, x, **options):
    """Whether a direction exists along which no death is ever overtaken within its risk set: a linear program."""
    x = (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    leads = [x[i] - x[at_risk] for at_risk, dying in risk_sets(time, event, **options) for i in dying]
    leads = np.unique(np.concatenate(leads), axis=0)
    found = linprog(-leads.sum(axis=0), A_ub=-leads, b_ub=np.zeros(len(leads)), bounds=(-1, 1))
    return -found.fun > 1e-6
