"""Starting up: `biasim --help` against `import lifelines`, and the first replicate of a warm install."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

TIMES = 5


def wall(command: list[str], folder: str) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - begin


def rows() -> Iterator[tuple[str, str]]:
    biasim = str(Path(sys.executable).parent / "biasim")
    with tempfile.TemporaryDirectory() as folder:
        lifelines = statistics.median(wall([sys.executable, "-c", "import lifelines"], folder) for _ in range(TIMES))
        told = statistics.median(wall([biasim, "--help"], folder) for _ in range(TIMES))
        yield "import lifelines", f"{lifelines:.2f} s"
        yield "biasim --help", f"{told:.2f} s, {told / lifelines:.2f} of import lifelines"
    root = str(Path(__file__).parents[1])
    with tempfile.TemporaryDirectory() as results:
        first = wall([biasim, "replay", "immortal_time"], root)
        one = wall([biasim, "simulate", "immortal_time", "--replicates", "1", "--no-figures", "--workers", "1",
                    "--results", results], root)  # fmt: skip
    yield "first replicate of immortal_time (replay, process start included)", f"{first:.2f} s"
    yield "simulate with one replicate, all tables", f"{one:.2f} s"
