"""Whole files, tables and manifest."""

import errno
import os
import resource

import numpy as np
import pytest

from biasim.errors import StoreError
from biasim.store.folder import Folder
from biasim.store.manifest import host, read_manifest, versions, write_manifest
from biasim.store.tables import cell, read_table, write_table
from biasim.store.whole import UNFINISHED, sweep, whole, write_text


def test_a_file_appears_only_when_its_block_ends_well(tmp_path):
    path = tmp_path / "deep" / "file.txt"

    def fails_half_way():
        with whole(path) as temporary:
            temporary.write_text("half")
            assert not path.exists()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_half_way()
    assert list(path.parent.iterdir()) == []
    write_text(path, "one\n")
    assert path.read_bytes() == b"one\n"


def test_two_writers_of_one_file_do_not_mix(tmp_path):
    path = tmp_path / "file.txt"
    with whole(path) as first, whole(path) as second:
        first.write_text("first")
        second.write_text("second")
        assert first != second
    assert path.read_text() == "first"
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot write .*deep"):
        write_text(tmp_path / "file" / "deep" / "table.csv", "")


def test_a_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limit[1]))
        with pytest.raises(StoreError, match=os.strerror(errno.EFBIG)):
            write_text(tmp_path / "large.txt", "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert list(tmp_path.iterdir()) == []


def test_old_leftovers_are_swept_and_young_ones_are_left(tmp_path):
    old, young = (tmp_path / f".{name}{UNFINISHED}" for name in ("old", "young"))
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    sweep(tmp_path, older_than=1_000.0)
    assert [file.name for file in tmp_path.iterdir()] == [young.name]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 / 3, "0.333333333333"),
        (2.0, "2"), (-0.0, "0"), (np.float64(1e-20), "1e-20"), (float("nan"), ""), (None, ""),
        (float("inf"), "inf"), (True, "true"), (np.bool_(False), "false"), (3, "3"), ("a,b", "a,b"),
        ({"landmark": {"months": 6.0}}, "{landmark: {months: 6}}"), (["a", 1.5], "[a, 1.5]"),
    ],
)  # fmt: skip
def test_cells(value, text):
    assert cell(value) == text


def test_a_table_reads_back_as_text(tmp_path):
    path = tmp_path / "table.csv"
    write_table(path, ("design", "value"), [("a, b", 0.1), ('say "no"', None)])
    assert path.read_bytes() == b'design,value\n"a, b",0.1\n"say ""no""",\n'
    assert read_table(path) == [{"design": "a, b", "value": "0.1"}, {"design": 'say "no"', "value": ""}]
    with pytest.raises(StoreError, match="Run the study first"):
        read_table(tmp_path / "absent.csv")


def test_the_manifest_reads_back_and_names_no_machine(tmp_path):
    path = Folder(tmp_path).manifest
    write_manifest(path, {"versions": versions(), "host": host()})
    content = read_manifest(path)
    assert content["versions"]["numpy"] == np.__version__
    assert set(content["host"]) == {"system", "machine", "byte_order"}
    path.write_text("{")
    with pytest.raises(StoreError, match="cannot read the manifest"):
        read_manifest(path)
