"""`make bench`: speed as ratios within one run, CPU time, one thread. Nothing here is a test: machines are noisy."""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

from benchmarks import (  # noqa: E402 - threads are set before numpy loads
    bench_attribution,
    bench_cox,
    bench_methods,
    bench_replicate,
    bench_solve,
    bench_start,
)

if __name__ == "__main__":
    for part in (bench_cox, bench_replicate, bench_methods, bench_attribution, bench_solve, bench_start):
        print(f"\n{(part.__doc__ or '').splitlines()[0]}")
        for row in part.rows():
            print("  " + "  ".join(str(cell) for cell in row), flush=True)
