"""Writes patients.csv, 150 made-up patients with whole months (so that deaths are tied), and copies.csv, resamples of them.

    python tests/reference/hidden/make_patients.py && (cd tests/reference/hidden && Rscript make_expected.R)
"""

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SIZE, DRAWS = 150, 12

rng = np.random.default_rng(20260131)
age, marker, hidden, preference = rng.standard_normal((4, SIZE))
decoy = (rng.random(SIZE) < 1 / (1 + np.exp(0.8 * hidden))).astype(int)
logit = -0.3 - 0.6 * hidden - 0.4 * age + 1.0 * preference
exposed = (rng.random(SIZE) < 1 / (1 + np.exp(-logit))).astype(int)
risk = np.exp(0.4 * age + 0.3 * marker + 0.7 * hidden)
cancer = rng.exponential(1 / (0.03 * risk * 0.8**exposed))
other = rng.exponential(1 / (0.015 * risk))
lost, entry = rng.uniform(5, 80, SIZE), np.round(rng.uniform(0, 4, SIZE) * (rng.random(SIZE) < 0.3))
time = np.minimum(np.minimum(cancer, other), lost)
cause = np.where(lost <= np.minimum(cancer, other), 0, np.where(cancer < other, 1, 2))
time = np.maximum(np.ceil(time), entry + 1)
columns = {"age": age.round(4), "marker": marker.round(4), "preference": preference.round(4), "decoy": decoy,
           "exposed": exposed, "entry": entry.astype(int), "time": time.astype(int), "cause": cause}
lines = [",".join(columns)] + [",".join(str(value) for value in row) for row in zip(*columns.values(), strict=True)]
(HERE / "patients.csv").write_text("\n".join(lines) + "\n")
copies = rng.multinomial(SIZE, np.full(SIZE, 1 / SIZE), size=DRAWS)
(HERE / "copies.csv").write_text("\n".join(",".join(map(str, row)) for row in copies) + "\n")
