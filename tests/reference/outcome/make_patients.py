"""Patients with two causes of death for the comparison with R: run in this folder."""

import numpy as np


def write(name: str, seed: int, size: int, *, step: float = 0.0, late: bool = False) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((size, 2)).round(3)
    exposed = rng.random(size) < 1 / (1 + np.exp(-0.6 * x[:, 0]))
    cancer = rng.exponential(30.0, size) * np.exp(0.5 * exposed - 0.5 * x[:, 0])
    other = rng.exponential(55.0, size) * np.exp(-0.4 * x[:, 1])
    lost = rng.uniform(5.0, 60.0, size)
    entry = rng.uniform(0.0, 8.0, size) * (rng.random(size) < 0.6) * late
    entry[:5] = 0.0
    stop = np.minimum(np.minimum(cancer, other), lost)
    cause = np.where(lost <= stop, 0, np.where(cancer < other, 1, 2))
    if step:
        stop = np.ceil(stop / step) * step
        entry = np.floor(entry / step) * step
    stop, entry = stop.round(4), entry.round(4)
    with open(name, "w") as file:
        print("id,entry,time,cause,exposed,x0,x1", file=file)
        for i in np.flatnonzero(stop > entry):
            print(i, entry[i], stop[i], cause[i], int(exposed[i]), *x[i], sep=",", file=file)


write("patients.csv", 1, 150)
write("tied.csv", 2, 150, step=3.0)
write("late.csv", 3, 170, step=1.0, late=True)
