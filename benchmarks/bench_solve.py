"""Inversion: one root at 100,000 patients a point, in the teaching world and in the calibrated one; two unknowns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from biasim.config.load import asking, load, resolve
from biasim.engine.iso import curve
from biasim.engine.solve import PATIENTS, solve

HIDDEN, STRENGTH = "treatment.by_preference.hidden_odds_ratio", "patients.two_scores_with_marks.hidden_log_ratio"
BURDEN = "patients.de_novo.prognosis.hidden.burden"
RATIO = {"hazard_ratio": 0.61}
QUESTIONS: tuple[tuple[str, Callable[..., Any], dict[str, Any]], ...] = (
    ("hidden_confounding", solve, {"unknown": HIDDEN, "between": [0.1, 1.0], "until": {"method": "adjusted", **RATIO}}),
    ("paradox", solve, {"unknown": BURDEN, "between": [0.0, 1.0], "until": {"method": "adjusted", **RATIO}}),
    ("hidden_confounding", curve, {"unknown": [HIDDEN, STRENGTH], "between": [[0.1, 1.0], [0.1, 1.2]], "until": RATIO}),
)


def rows() -> Iterator[tuple[str, str]]:
    for name, work, question in QUESTIONS:
        study = asking(load(resolve(name)), question)
        begin = time.perf_counter()
        found = work(study)
        taken = time.perf_counter() - begin
        assert work is curve or found.size * found.replicates == PATIENTS
        answer = f"{found.roots[0].value:.3f} ({found.roots[0].mcse:.3f})" if work is solve else f"{len(found.points)} points"
        yield f"{name}, {len(study.wanted.unknowns)} unknown(s): {answer}", f"{taken:.1f} s"
