"""Attribution: five mechanisms of the calibrated world, 32 combinations of switches put to 200,000 patients each."""

from __future__ import annotations

import time
from collections.abc import Iterator

from biasim.config.chosen import one_of
from biasim.config.load import from_text, resolve
from biasim.engine.attribution import PATIENTS, attribute

FIFTH = "  nodes counted: {designs.registry.measurement.registry.nodal_understaging: 0}\n"


def rows() -> Iterator[tuple[str, str]]:
    file = resolve("paradox")
    study = from_text(file.read_text().replace("expect:\n", f"{FIFTH}expect:\n", 1), str(file))
    for method in ("crude", "adjusted"):
        for workers in (1, 2):
            begin = time.perf_counter()
            found = attribute(one_of(study, "registry", method), workers=workers)
            taken = time.perf_counter() - begin
            assert found.size * found.replicates == PATIENTS
            yield f"{method}, {found.sets} combinations, {workers} worker(s)", f"{taken:.1f} s"
