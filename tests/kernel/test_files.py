"""A file is whole or as it was, and the same arrays give the same bytes."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from kernel.files import npz_arrays, npz_bytes, replacing, sha256, write_durably


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    with suppress(KeyboardInterrupt), replacing(path) as draft:
        draft.write_text("half")
        assert path.read_text() == "old"
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    with replacing(path) as draft:
        assert draft.suffix == ".csv"
        draft.write_text("new")
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_the_checksum_of_what_was_written_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert write_durably(path, b"abc") == sha256(path) == hashlib.sha256(b"abc").hexdigest()


def test_arrays_come_back_and_give_the_same_bytes() -> None:
    arrays = {"b": np.arange(6.0).reshape(2, 3), "a": np.array(["茶", "tea"])}
    content = npz_bytes(arrays)
    assert content == npz_bytes(dict(reversed(arrays.items())))
    back = npz_arrays(content)
    assert back.keys() == arrays.keys()
    assert all((back[name] == arrays[name]).all() for name in arrays)


def test_nothing_is_ever_unpickled() -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        npz_bytes({"x": np.array([object()])})
