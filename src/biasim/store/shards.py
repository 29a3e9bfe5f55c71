"""Shards of replicates: Parquet files written whole, with a digest of their content inside.

Columns are numpy arrays of one length: float64, int64, or text (object arrays of str). DuckDB reads and
writes them without pandas; it is imported inside the functions, because the import takes 0.3 s.
A missing number is NULL in the file and nan in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from biasim.errors import StoreError
from biasim.store.interruption import unhurried
from biasim.store.whole import whole

Columns = Mapping[str, np.ndarray]


class DamagedShard(StoreError):
    """A shard that is truncated, is not Parquet, or does not hold what its digest says."""

    def __init__(self, path: Path, reason: str) -> None:
        self.reason = reason
        super().__init__(f"cannot read '{path}': {reason}")


def connect() -> Any:
    """A DuckDB session in memory, one thread: results must not depend on the order of threads."""
    import duckdb

    session = duckdb.connect()
    session.execute("set threads = 1")
    session.execute("set enable_progress_bar = false")
    return session


@unhurried()
def write_shard(session: Any, path: Path, columns: Columns) -> None:
    """Write columns as one Parquet file. Raises StoreError when the disk is full or the folder unwritable."""
    import duckdb

    session.register("shard", dict(columns))
    try:
        with whole(path) as temporary:
            session.execute(
                f"copy (select * from shard) to {literal(temporary)} "
                f"(format parquet, compression zstd, kv_metadata {{digest: '{digest(columns)}'}})"
            )
    except duckdb.Error as error:
        raise StoreError(f"cannot write '{path}': {first_line(error)}") from error
    finally:
        session.unregister("shard")


@unhurried()
def read_shard(session: Any, path: Path) -> dict[str, np.ndarray]:
    """All columns of a shard, its digest checked. Raises DamagedShard."""
    import duckdb

    try:
        stored = session.execute(f"select decode(value) from parquet_kv_metadata({literal(path)})").fetchall()
        columns = plain(session.execute(f"select * from read_parquet({literal(path)})").fetchnumpy())
    except duckdb.Error as error:
        raise DamagedShard(path, "not a whole Parquet file") from error
    if stored != [(digest(columns),)]:
        raise DamagedShard(path, "it does not hold what was written to it")
    return columns


@unhurried()
def query(session: Any, paths: Iterable[Path], select: str, values: Sequence[object] = ()) -> dict[str, np.ndarray]:
    """Columns of `select ... from shards ...` over all the shards as one table called `shards`.

    `values` fill the question marks. Shards whose columns differ are matched by name.
    """
    files = ", ".join(literal(path) for path in paths)
    shards = f"with shards as (select * from read_parquet([{files}], union_by_name = true)) "
    return plain(session.execute(shards + select, list(values)).fetchnumpy())


def plain(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Masked arrays, DuckDB's way to say NULL, as arrays with nan."""
    return {
        name: values.filled(np.nan) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
        for name, values in columns.items()
    }


def digest(columns: Columns) -> str:
    """128 bits over names and values; every nan counts as the same."""
    state = blake2b(digest_size=16)
    for name in columns:
        values = columns[name]
        state.update(f"\0{name}\0{len(values)}\0".encode())
        if values.dtype.kind == "f":
            state.update(np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes())
        elif values.dtype.kind in "iu":
            state.update(values.astype("<i8").tobytes())
        else:
            state.update("\0".join(values.tolist()).encode())
    return state.hexdigest()


def literal(path: Path) -> str:
    """A path as an SQL text."""
    return "'" + str(path).replace("'", "''") + "'"


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
