"""Before a run: every scenario as a plan, what is stored already, which truths are asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from biasim.answers import on_log_scale
from biasim.config.fingerprint import fingerprint
from biasim.config.study import Choice, Study
from biasim.engine.judged import judged
from biasim.engine.keys import TRUTHS, key
from biasim.engine.plan import Plan, plan
from biasim.engine.precision import MAXIMUM, Prefix
from biasim.engine.scenarios import Progress
from biasim.engine.truth import Answer, Question, claims, questions
from biasim.errors import BiasimError
from biasim.store.folder import Folder
from biasim.store.whole import write_text


@dataclass(slots=True, kw_only=True)
class Asked:
    """One estimand in one world: what to compute, where it is stored, and the answer once it is there."""

    choice: Choice
    view: Mapping[str, Any]  # of the design: who is eligible, from when and how long she is watched, what is measured
    measured: bool  # whether the estimand is given what the design measures
    plan: Plan
    world: int
    path: Path
    size: int  # patients to compute it from
    answer: Answer | None = None

    @property
    def question(self) -> Question:
        return Question(self.choice.function, self.view, self.measured)

    def recall(self) -> None:
        """Take the stored answer; one that cannot be read is computed again."""
        try:
            self.answer = Answer(**json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self.answer = None

    def keep(self, answer: Answer) -> None:
        self.answer = answer
        write_text(self.path, json.dumps(answer._asdict()) + "\n")  # a missing value is written as NaN


@dataclass(slots=True, kw_only=True)
class Run:
    """Everything of a run in one place."""

    study: Study
    folder: Folder
    session: Any  # DuckDB
    precision: float | None
    scenarios: list[Progress]
    claims: dict[int, dict[tuple[str, str], str]] = field(default_factory=dict)  # scenario -> (design, method) -> claim
    truths: dict[tuple[int, str, str], Asked] = field(default_factory=dict)  # scenario, design, estimand
    started: float = field(default_factory=time.time)  # epoch, s


def prepare(study: Study, folder: Folder, session: Any, replicates: int | None, precision: float | None) -> Run:
    """A run, with the truths found that are stored already; shards are looked for when their turn comes."""
    ceiling = MAXIMUM if precision is not None else study.replicates
    made = Run(study=study, folder=folder, session=session, precision=precision, scenarios=[])
    for scenario in study.scenarios:
        planned = plan(scenario, study.seed)
        progress = Progress(
            plan=planned,
            fingerprint=key(fingerprint(study, scenario)),
            folder=folder,
            session=session,
            maximum=replicates or ceiling,
            prefix=None if precision is None else Prefix(precision),
        )
        made.scenarios.append(progress)
        made.claims[scenario.number] = claims(planned)
        if precision is not None and not any(on_log_scale(claim) for claim in made.claims[scenario.number].values()):
            raise BiasimError("--precision is a target for biases of log hazard ratios, and no method of this study reports one")
        for (design, label), asked in ask(made, planned):
            made.truths[scenario.number, design, label] = asked
    return made


def ask(run: Run, planned: Plan) -> Iterator[tuple[tuple[str, str], Asked]]:
    """(design, label) -> what to compute, for all designs of a scenario."""
    study = run.study
    scenario = next(one for one in study.scenarios if one.number == planned.scenario)
    for design in planned.designs:
        claimed = [claim for (name, _), claim in run.claims[planned.scenario].items() if name == design.name]
        for label, choice in questions(study, claimed).items():
            drawn = scenario.designs[design.name]
            choice, given, size = judged(study, drawn, label, choice, claimed=label in claimed)
            frame = [drawn.eligibility, drawn.time_zero, drawn.follow_up, drawn.outcome, drawn.measurement if given else None]
            path = run.folder.truth(key("truth", TRUTHS, drawn.world, choice, frame, study.truth_size, study.seed))
            asked = Asked(
                choice=choice, view=design.view, measured=given, plan=planned, world=design.world, path=path, size=size
            )
            asked.recall()
            yield (design.name, label), asked
