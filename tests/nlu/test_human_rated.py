"""Sentences that people judged: fetched once, checked, read."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from nlu.errors import DataRefused
from nlu.workshop import human_rated
from nlu.workshop.datasets import Example

ROWS = (
    "1_1\t3.2\tit is simply the best one",
    "1_2\t-1.4\tit broke in a day",
    "1_3\t0.1\tit has two buttons",
    "1_4\t0.5\tit is all right, I suppose",
    "1_5\t2.0\tx",
    "a line without columns",
)


def _packed(files: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return whole.getvalue()


@pytest.fixture
def archive(tmp_path: Path) -> human_rated.Archive:
    """An archive of the same make, at an address of its own."""
    inner = _packed(
        {
            "x/amazonReviewSnippets_GroundTruth.txt": "\n".join(ROWS).encode(),
            "x/movieReviewSnippets_GroundTruth.txt": b"1\t3.0\ta film that nobody may read here",
            "x/tweets_GroundTruth.txt": b"1\t-2.5\tworst day ever",
        }
    )
    outer = _packed({"v-1/additional_resources/hutto_ICWSM_2014.tar.gz": inner})
    (tmp_path / "there").mkdir()
    file = tmp_path / "there" / "v-1.tar.gz"
    file.write_bytes(outer)
    return human_rated.Archive(file.as_uri(), hashlib.sha256(outer).hexdigest())


def test_only_clear_judgments_are_read_and_no_film_reviews(
    archive: human_rated.Archive, tmp_path: Path
) -> None:
    found = human_rated.examples(human_rated.fetched(tmp_path / "work", archive))
    assert found == [
        Example(text="it is simply the best one", source="vader_reviews_en", sentiment="positive"),
        Example(text="it broke in a day", source="vader_reviews_en", sentiment="negative"),
        Example(text="it has two buttons", source="vader_reviews_en", sentiment="neutral"),
        Example(text="worst day ever", source="vader_posts_en", sentiment="negative"),
    ]


def test_what_was_fetched_is_not_fetched_again(archive: human_rated.Archive, tmp_path: Path) -> None:
    kept = human_rated.fetched(tmp_path / "work", archive)
    (tmp_path / "there" / "v-1.tar.gz").unlink()
    assert human_rated.fetched(tmp_path / "work", archive) == kept


@pytest.mark.parametrize("fault", ["absent", "other"])
def test_what_cannot_be_had_is_told_and_leaves_nothing(
    archive: human_rated.Archive, tmp_path: Path, fault: str
) -> None:
    there = tmp_path / "there" / "v-1.tar.gz"
    if fault == "absent":
        there.unlink()
    else:
        there.write_bytes(b"something else")
    with pytest.raises(DataRefused, match="by other means"):
        human_rated.fetched(tmp_path / "work", archive)
    assert not (tmp_path / "work").exists()


def test_a_damaged_copy_is_told(archive: human_rated.Archive, tmp_path: Path) -> None:
    human_rated.fetched(tmp_path / "work", archive).write_bytes(b"cut off")
    with pytest.raises(DataRefused, match="delete it"):
        human_rated.fetched(tmp_path / "work", archive)
