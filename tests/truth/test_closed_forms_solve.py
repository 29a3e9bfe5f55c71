"""An inversion with a closed form: how uneven an omitted normal confounder must be, and how strong."""

import numpy as np
import pytest

from biasim.config.load import asking, from_text
from biasim.engine.solve import solve

from .cox_limits import NODES, RATE, SHARE, WEIGHTS, chosen, limit

WORLD = f"""
study: omitted
aim: A hidden standard normal score drives choice and hazard; the crude ratio is what integration says.
world:
  patients: {{two_scores: {{hidden_log_ratio: 0.5}}}}
  treatment: {{by_prognosis: {{share: {SHARE}, hidden_odds_ratio: 0.5}}}}
  survival: {{weibull: {{shape: 1.0, scale: {1.0 / RATE}}}}}
designs:
  registry: {{time_zero: diagnosis, exposure: intended, measurement: nothing, methods: [cox]}}
estimands: [marginal_log_hazard_ratio]
performance: [bias]
run: {{size: 5000, replicates: 20, seed: 20230130}}
"""


def crude(strength: float, odds_ratio: float) -> float:
    """What crude Cox regression tends to: kinds of women are a value of the score, operated or not.

    The hazard is RATE exp(b z), the chance of being operated on expit(a + log(OR) z); the record holds the operation alone.
    """
    share = chosen(NODES, odds_ratio)
    weights = np.concatenate([WEIGHTS * share, WEIGHTS * (1.0 - share)])
    hazard = np.tile(RATE * np.exp(strength * NODES), 2)
    return limit(weights, hazard, np.repeat([1.0, 0.0], len(NODES))[:, None])


@pytest.mark.parametrize(
    ("unknown", "between", "truth"),
    [
        ("treatment.by_prognosis.hidden_odds_ratio", [0.2, 1.0], 0.5),
        ("patients.two_scores.hidden_log_ratio", [0.1, 1.2], 0.5),
        ("treatment.by_prognosis.hidden_odds_ratio", [0.2, 1.0], 0.3),
    ],
)
def test_an_omitted_normal_confounder_inverted(unknown, between, truth) -> None:
    """The value that went into the integral comes back, from the hazard ratio that came out of it."""
    wanted = crude(0.5, truth if "odds" in unknown else 0.5)
    study = from_text(WORLD, "omitted.yaml")
    study = asking(study, {"unknown": unknown, "between": between, "until": {"hazard_ratio": float(np.exp(wanted))}})
    found = solve(study, workers=1)
    assert found.size * found.replicates == 100_000
    [root] = found.roots
    assert abs(root.value - truth) < 3.0 * root.mcse, (root, truth)
    assert root.mcse < 0.03
