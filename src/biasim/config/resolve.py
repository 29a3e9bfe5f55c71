"""From what the user typed to a study file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from biasim.errors import BiasimError, meant

INSTALLED = Path(__file__).resolve().parents[3] / "configs"  # next to src/ in a source tree


def config_folders() -> list[Path]:
    """configs/ of the current directory, then that of the source tree."""
    folders = [Path.cwd() / "configs", INSTALLED]
    return [folder for i, folder in enumerate(folders) if folder.is_dir() and folder not in folders[:i]]


def world_folders(study: Path) -> list[Path]:
    """Where the worlds of a study are looked for; what comes last counts most."""
    near = [study.parent / "worlds", study.parent.parent / "worlds"]
    folders = [*reversed([folder / "worlds" for folder in config_folders()]), *reversed(near)]
    return [folder for folder in folders if folder.is_dir()]


def resolve(name_or_path: str | Path) -> Path:
    """The study file for a path or a name in configs/, with or without `.yaml`.

    Raises BiasimError, with near names, when there is none.
    """
    typed = str(name_or_path)
    for candidate in _candidates(typed):
        if candidate.is_file():
            return candidate if candidate == Path(typed) else from_here(candidate)
    if typed.strip() and Path(typed).is_dir():
        raise BiasimError(f"'{typed}' is a folder; name a study file in it, such as {Path(typed) / 'immortal_time.yaml'}")
    names = sorted({file.stem for folder in config_folders() for file in _studies(folder)})
    if not names:
        raise BiasimError(f"no study '{typed}': it is not a file, and there is no configs/ folder here")
    raise BiasimError(f"no study '{typed}': it is neither a file nor a name in configs/. {meant(Path(typed).stem, names)}")


def all_studies() -> list[Path]:
    """Every study file of the first configs/ folder that there is, by name."""
    return [from_here(file) for folder in config_folders()[:1] for file in _studies(folder)]


def from_here(file: Path) -> Path:
    """The path from the current directory where the file lies below it: short in messages, the same on every machine."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def _candidates(typed: str) -> Iterator[Path]:
    if not typed.strip() or "\0" in typed:
        return
    for start in (Path(), *config_folders(), *(folder.parent for folder in config_folders())):
        for ending in ("", ".yaml", ".yml"):
            yield Path(start / (typed + ending))
    for folder in config_folders():
        yield from (file for file in _studies(folder) if file.stem == typed)


def _studies(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.rglob("*.yaml")) if "worlds" not in file.relative_to(folder).parts]
