"""The floor table: which room may import which, and what is never imported at the top."""

from __future__ import annotations

import subprocess
import sys

from biasim.registry import VIEW, WORLD

FLOORS = {
    "types": 0, "answers": 0, "units": 0, "errors": 0,
    "kernels": 1, "registry": 1,
    "cohort": 2, "design": 2, "estimands": 2, "methods": 2, "performance": 2,
    "config": 3, "store": 3, "evidence": 3,
    "engine": 4,
    "figures": 5, "report": 5,
    "cli": 6, "__main__": 6,
}  # fmt: skip
GROUND = {"types", "answers", "units", "errors"}
SECOND, THIRD, FOURTH = GROUND | {"kernels"}, GROUND | {"kernels", "registry"}, {r for r, f in FLOORS.items() if f <= 3}
BY_FLOOR = {2: SECOND, 3: THIRD, 4: FOURTH, 5: GROUND | {"store", "evidence"}, 6: set(FLOORS)}
LOWEST = {"types": set(), "answers": {"types"}, "units": set(), "errors": set(),
          "kernels": {"types", "answers", "errors"}, "registry": {"errors"}}  # fmt: skip
MAY_IMPORT = {room: LOWEST[room] if room in LOWEST else BY_FLOOR[floor] for room, floor in FLOORS.items()}
HEAVY = {"pandas", "matplotlib", "seaborn", "lifelines", "duckdb", "statsmodels"}
HEAVY_ALLOWED = {"figures": HEAVY, "report": HEAVY, "store": {"duckdb", "pandas"}, "evidence": {"pandas"}}
LOOP = {"kernels", "cohort", "design", "estimands", "methods", "performance"}  # what a replicate runs through


def test_every_room_has_a_floor(house: list) -> None:
    unknown = {source.place for source in house if source.room and source.room not in FLOORS}
    assert not unknown, f"not in the floor table: {sorted(unknown)}"


def test_no_room_imports_what_its_floor_forbids(house: list) -> None:
    broken = []
    for source in house:
        for line, name in source.imports():
            parts = name.split(".")
            if parts[0] != "biasim" or len(parts) < 2 or parts[1] == source.room:
                continue
            if parts[1] not in MAY_IMPORT.get(source.room, set()):
                broken.append(f"{source.place}:{line}: {source.room} (floor {FLOORS[source.room]}) imports {name}")
    assert not broken, "\n".join(broken)


def test_rooms_of_one_floor_never_import_each_other(house: list) -> None:
    """The rooms of the world and of the view are rooms too: patients, treatment, exposure ..."""
    broken = []
    for source in house:
        inner = source.module.split(".")[2:3]
        for line, name in source.imports():
            parts = name.split(".")
            room = "".join(parts[2:3])
            if room in (*WORLD, *VIEW) and parts[:2] == ["biasim", source.room] and [room] != inner:
                broken.append(f"{source.place}:{line}: imports {name}, another room of the same floor")
    assert not broken, "\n".join(broken)


def test_nothing_heavy_is_imported_at_the_top(house: list) -> None:
    broken = []
    for source in house:
        for line, name in source.imports(top_only=True):
            package = name.split(".")[0]
            if package in HEAVY - HEAVY_ALLOWED.get(source.room, set()):
                broken.append(f"{source.place}:{line}: {package} at the top; import it inside the function that needs it")
            if package == "scipy" and not (source.room == "kernels" and name == "scipy.special"):
                broken.append(f"{source.place}:{line}: {name} at the top; only kernels may import scipy.special there")
    assert not broken, "\n".join(broken)


def test_the_simulation_loop_imports_nothing_slow(house: list) -> None:
    broken = [
        f"{source.place}:{line}: {name} inside the simulation loop"
        for source in house
        if source.room in LOOP
        for line, name in source.imports()
        if name.split(".")[0] in HEAVY or name == "scipy.stats"
    ]
    assert not broken, "\n".join(broken)


def test_the_command_line_imports_inside_its_commands(house: list) -> None:
    """What `biasim --help` reads: the files that app.py reaches by imports at the top."""
    by_module = {source.module: source for source in house}
    todo, reached, broken = ["biasim.cli.app"], set(), []
    while todo:
        module = todo.pop()
        if module in reached or module not in by_module:
            continue
        reached.add(module)
        for line, name in by_module[module].imports(top_only=True):
            package = name.split(".")[0]
            todo += [name] if package == "biasim" else []
            if package not in {*sys.stdlib_module_names, "biasim", "typer", "click"}:
                broken.append(f"{by_module[module].place}:{line}: {name} is imported before a command is chosen")
    assert not broken, "\n".join(broken)
    assert reached <= {"biasim", "biasim.errors"} | {m for m in reached if m.startswith("biasim.cli")}


def test_help_does_not_load_what_it_does_not_need() -> None:
    code = "import sys, biasim.cli.app; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for package in (*HEAVY, "numpy", "scipy", "pydantic", "ruamel"):
        assert f"'{package}'" not in loaded, f"'biasim --help' loads {package}"


def test_a_study_is_read_without_anything_heavy() -> None:
    code = "import sys, biasim.config.load; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for package in (*HEAVY, "scipy"):
        assert f"'{package}'" not in loaded, f"reading a study loads {package}"
