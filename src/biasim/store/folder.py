"""The layout of results/<study>/."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folder:
    """Where everything of one study stands.

    study.yaml      the study as run, every default written out
    manifest.json   versions, seed, fingerprints, failures, warnings: the same for the same results
    times.json      when it ran, how long it took, what it found
    tables/         small CSV tables, what figures and report read
    figures/        SVG, PDF, PNG
    replicates/     <fingerprint of scenario>/r000000-000049.parquet, the raw estimates
    truths/         <fingerprint>.json, the values of the estimands

    A shard stands under the fingerprint of what it depends on, so a changed study never reads it.
    """

    root: Path

    @property
    def study(self) -> Path:
        return self.root / "study.yaml"

    @property
    def manifest(self) -> Path:
        return self.root / "manifest.json"

    @property
    def times(self) -> Path:
        return self.root / "times.json"

    @property
    def tables(self) -> Path:
        return self.root / "tables"

    @property
    def figures(self) -> Path:
        return self.root / "figures"

    def table(self, name: str) -> Path:
        return self.tables / f"{name}.csv"

    def shard(self, fingerprint: str, first: int, last: int) -> Path:
        """The shard of replicates `first` to `last`, both included."""
        return self.root / "replicates" / fingerprint / f"r{first:06d}-{last:06d}.parquet"

    def truth(self, fingerprint: str) -> Path:
        return self.root / "truths" / f"{fingerprint}.json"
