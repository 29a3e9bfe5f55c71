"""Which analysis survives which bias: every method in the world of every bias, seen through the study's first, flawed design.

The biases are the shipped studies that name `switches`; a study added later joins by itself, and so does a method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from biasim.config.designs import fits, gives, takes
from biasim.config.load import from_text, load, switched
from biasim.config.needs import met, needs
from biasim.config.resolve import all_studies
from biasim.config.signature import Parameter, parameters
from biasim.config.study import Design, Study
from biasim.config.written import full, yaml
from biasim.engine.plan import plan
from biasim.engine.replicate import cohorts, view
from biasim.engine.run import run
from biasim.engine.streams import Streams
from biasim.registry import LISTS, VIEW, names
from biasim.store.tables import read_table, write_table
from biasim.types import Observed

CONTROL = "no_bias"  # the column in which every switch is off
PLAINEST = "confounding_by_indication"  # whose world and design it shows
TRIAL = {"randomised": {"at": 6.0, "adherence": 0.85, "crossover": 0.15, "delay": 4.0}}  # some die before their operation
ADJUSTABLE = "adjust"  # the parameter that a careful analyst switches on
COLUMNS = {"instrument": "preference", "column": "decoy", "consequence": "responded"}  # what a method needs -> its name here
PROBE = "probe"  # the replicate that measured columns are read from
MEASURES = ("mean", "bias", "coverage", "rejection", "convergence")
Progress = Callable[[int, int], None]


class Cell(NamedTuple):
    """One method in the world of one bias; a row of matrix.csv."""

    bias_of: str
    design: str
    method: str
    estimand: str
    truth: float
    mean: float
    bias: float
    bias_mcse: float
    coverage: float
    coverage_mcse: float
    rejection: float
    rejection_mcse: float
    used: int
    attempts: int


def matrix_studies(*, size: int, replicates: int) -> list[Study]:
    """One study per bias, with every method that can be used in it; first the one without any, last those with most."""
    found = [study for study in map(load, all_studies()) if in_the_data(study)]
    plainest = next((study for study in found if study.name == PLAINEST), found[0])
    control = switched(plainest, *plainest.switches)
    by_mechanisms = sorted(found, key=lambda study: len(study.switches))
    columns = [(CONTROL, control), *((study.name, study) for study in by_mechanisms)]
    return [from_text(text(name, study, size, replicates), f"{name}.yaml") for name, study in columns]


def in_the_data(study: Study) -> bool:
    """Whether a switch is about the world or the view, and surgery does nothing.

    A flaw of a method alone is a row of the matrix, not a column; of a true effect the matrix does not speak.
    """
    if study.scenarios[0].world["effect"].name != "none":
        return False
    paths = [path for changes in study.switches.values() for path in changes]
    return any("methods" not in path.split(".") for path in paths)


def run_matrix(
    folder: Path, *, size: int, replicates: int, workers: int | None, progress: Callable[[str], Progress]
) -> Path:
    """Run what is missing, one folder a bias, and write matrix.csv. `progress(bias)` gives that study's callback."""
    cells: list[Cell] = []
    for study in matrix_studies(size=size, replicates=replicates):
        place = run(study, results=folder, workers=workers, progress=progress(study.name))
        cells += cells_of(study.name, read_table(place / "tables" / "performance.csv"))
    write_table(folder / "matrix.csv", Cell._fields, cells)
    return folder / "matrix.csv"


def cells_of(bias: str, performance: Iterable[Mapping[str, str]]) -> Iterator[Cell]:
    """The rows of performance.csv, one a measure, as one cell an analysis."""
    gathered: dict[tuple[str, str, str], dict[str, Mapping[str, str]]] = {}
    for row in performance:
        gathered.setdefault((row["design"], row["method"], row["estimand"]), {})[row["measure"]] = row
    for (design, method, estimand), by in gathered.items():

        def number(measure: str, what: str = "value", by: Mapping[str, Mapping[str, str]] = by) -> float:
            return float(by[measure][what] or "nan")

        yield Cell(
            bias, design, method, estimand, number("mean", "truth"), number("mean"), number("bias"), number("bias", "mcse"),
            number("coverage"), number("coverage", "mcse"), number("rejection"), number("rejection", "mcse"),
            int(by["mean"]["used"]), int(by["mean"]["attempts"]),
        )  # fmt: skip


def text(name: str, study: Study, size: int, replicates: int) -> str:
    """The study file of one column: the world of the first scenario, its first design thrice, every method that fits."""
    scenario = study.scenarios[0]
    flawed = next(iter(scenario.designs.values()))
    world = {room: full(choice) for room, choice in flawed.world.items()}
    view_of = {room: full(getattr(flawed, room)) for room in VIEW if room not in LISTS}
    criteria, record = ([full(choice) for choice in getattr(flawed, room)] for room in LISTS)
    measured, chosen = columns(study, flawed), {room: next(iter(choice)) for room, choice in (world | view_of).items()}
    view_of["recording"] = record
    designs: dict[str, Any] = {}
    fixed = flawed.exposure.name if gives(flawed.exposure.name) is Observed else "ever_operated"
    for label, exposure in (("recorded", fixed), ("dated", "time_varying")):
        own = view_of["exposure"] if exposure == flawed.exposure.name else {exposure: {}}
        designs[label] = {"eligibility": criteria, **view_of, "exposure": own, "methods": methods(exposure, measured, chosen)}
    designs["trial"] = {
        "change": {"treatment": TRIAL}, "eligibility": [*criteria, {"randomised": {}}], **view_of,
        "time_zero": {"randomisation": {}}, "exposure": {"arm_and_surgery": {}},
        "methods": methods("arm_and_surgery", measured, chosen),
    }  # fmt: skip
    return yaml({
        "study": name,
        "aim": f"Which analysis survives this: {' '.join(study.aim.split())}",
        "world": world,
        "designs": {label: design for label, design in designs.items() if design["methods"]},
        "estimands": ["marginal_log_hazard_ratio", "conditional_log_hazard_ratio"],
        "performance": list(MEASURES),
        "run": {"size": size, "replicates": replicates, "seed": study.seed},
    })


def columns(study: Study, design: Design) -> tuple[str, ...]:
    """The names of the covariates that a design measures."""
    planned = plan(study.scenarios[0], study.seed, size=200)
    streams = Streams(study.seed, PROBE)
    own = next(one for one in planned.designs if one.name == design.name)
    return view(planned, own, cohorts(planned, streams)[own.world], streams).names


def methods(exposure: str, measured: tuple[str, ...], here: Mapping[str, str]) -> dict[str, Any]:
    """Every method that fits an exposure and finds `here`, room -> part, what it needs; Cox regression crude as well."""
    found: dict[str, Any] = {"cox_crude": {"cox": {}}} if fits("cox", exposure) else {}
    for name in names("methods"):
        if takes(name) in (None, gives(exposure)):
            chosen = required(parameters("methods", name), measured)
            if chosen is not None and all(met(need, here) for need, _ in needs("methods", name, chosen)):
                found[name] = {name: chosen}
    return found


def required(shape: Mapping[str, Parameter], measured: tuple[str, ...]) -> dict[str, Any] | None:
    """The parameters of a method in the matrix; None where it needs a column that is not measured."""
    needed = [parameter.name for parameter in shape.values() if parameter.required]
    if any(COLUMNS.get(name) not in measured for name in needed):
        return None
    asked = {name: COLUMNS[name] for name in needed}
    instruments = [COLUMNS[name] for name in needed]
    if ADJUSTABLE in shape:
        asked[ADJUSTABLE] = [name for name in measured if name not in instruments] if instruments else True
    return asked
