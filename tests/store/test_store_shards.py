"""Shards: what is written is read back, and damage is noticed."""

import numpy as np
import pytest

from biasim.errors import StoreError
from biasim.store.shards import DamagedShard, connect, digest, query, read_shard, write_shard


@pytest.fixture(scope="module")
def session():
    return connect()


def columns(first=0, rows=40):
    return {
        "replicate": np.arange(first, first + rows, dtype=np.int64),
        "method": np.array(["cox", "cox(adjust=true)"] * (rows // 2), dtype=object),
        "estimate": np.linspace(-1.0, 1.0, rows) / 3.0,
        "matched": np.where(np.arange(rows) % 2, np.nan, 1.0),
        "absent": np.full(rows, np.nan),
        "limit": np.full(rows, np.inf),
    }


def test_a_shard_reads_back_to_the_last_bit(session, tmp_path):
    path = tmp_path / "it's [new]*?" / "r000000-000039.parquet"
    written = columns()
    write_shard(session, path, written)
    found = read_shard(session, path)
    assert list(found) == list(written)
    for name, values in written.items():
        assert type(found[name]) is np.ndarray
        assert found[name].dtype == values.dtype
        equal = np.array_equal(found[name], values, equal_nan=True) if values.dtype.kind == "f" else None
        assert equal or np.array_equal(found[name], values)


@pytest.mark.parametrize("damage", ["truncated", "empty", "flipped", "text", "another"])
def test_damage_is_noticed(session, tmp_path, damage):
    path, other = tmp_path / "shard.parquet", tmp_path / "other.parquet"
    write_shard(session, path, columns())
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        place = content.find(np.float64(columns()["estimate"][7]).tobytes())
        content[place if place > 0 else len(content) // 3] ^= 0xFF
    elif damage == "another":
        session.execute(f"copy (select 1 as replicate) to '{other}' (format parquet)")
        content = other.read_bytes()
    else:
        content = {"truncated": content[: len(content) // 2], "empty": b"", "text": b"replicate\n1\n"}[damage]
    path.write_bytes(bytes(content))
    with pytest.raises(DamagedShard):
        read_shard(session, path)


def test_the_digest_sees_names_values_and_boundaries():
    text = {"method": np.array(["ab", "c"], dtype=object)}
    assert digest(text) != digest({"method": np.array(["a", "bc"], dtype=object)})
    assert digest(text) != digest({"design": text["method"]})
    assert digest({"x": np.array([np.nan])}) == digest({"x": -np.array([np.nan])})
    assert digest({"x": np.array([0.0])}) != digest({"x": np.array([1e-300])})


def test_shards_are_one_table_and_differing_columns_are_matched_by_name(session, tmp_path):
    more = {**columns(40), "extra": np.ones(40)}
    write_shard(session, tmp_path / "a.parquet", columns())
    write_shard(session, tmp_path / "b.parquet", more)
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    select = "select replicate, extra from shards where method = ? and replicate < ? order by replicate"
    found = query(session, paths, select, ("cox", 50))
    assert found["replicate"].tolist() == list(range(0, 50, 2))
    assert np.isnan(found["extra"][:20]).all()
    assert (found["extra"][20:] == 1.0).all()


def test_an_unwritable_place_is_a_clear_error(session, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write"):
        write_shard(session, tmp_path / "file" / "shard.parquet", columns())
