"""English sentences whose sentiment people rated, from the source package of VADER (MIT; Hutto and Gilbert 2014).

It carries reviews of products by the sentence and posts from a social network, each with the mean of twenty people's
ratings from -4 to 4. Its film reviews stay unread: they are the ones that SST-2 measures with.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from kernel.files import replacing, sha256
from nlu.errors import DataRefused
from nlu.workshop.datasets import Example

LICENCE = "MIT"
CLEAR = 0.8
"""A mean rating at least this far from 0 is positive or negative."""
NONE = 0.25
"""One at most this far from 0 is neutral; what lies between is left out."""
TIMEOUT = 60.0
"""Seconds without an answer."""
_INNER = "/additional_resources/hutto_ICWSM_2014.tar.gz"
_FILES = {
    "vader_reviews_en": "/amazonReviewSnippets_GroundTruth.txt",
    "vader_posts_en": "/tweets_GroundTruth.txt",
}
SOURCES = tuple(_FILES)


@dataclass(frozen=True, slots=True)
class Archive:
    """A file that never changes, and where it lies."""

    url: str
    sha256: str

    @property
    def name(self) -> str:
        """What it is called in any folder."""
        return self.url.rsplit("/", 1)[-1]


VADER = Archive(
    "https://files.pythonhosted.org/packages/77/8c/4a48c10a50f750ae565e341e697d74a38075a3e43ff0df6f1ab72e186902/"
    "vaderSentiment-3.3.2.tar.gz",
    "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
)


def fetched(folder: Path, archive: Archive = VADER) -> Path:
    """The archive in the folder; fetched where it is not there yet.

    Raises:
        DataRefused: it cannot be reached, or is not the one that is known; the folder is left as it was.
    """
    kept = folder / archive.name
    if not kept.exists():
        content = _download(archive)
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as fresh:
            fresh.write_bytes(content)
    if sha256(kept) != archive.sha256:
        raise DataRefused(kept, [f"it is not the file of {archive.url}: delete it, and it is fetched again"])
    return kept


def examples(path: Path) -> list[Example]:
    """All sentences with a clear sentiment, and those clearly neutral."""
    with tarfile.open(path) as outer, tarfile.open(fileobj=io.BytesIO(_content(outer, _INNER))) as files:
        return [
            example
            for source, name in _FILES.items()
            for example in _read(_content(files, name).decode("utf-8", errors="replace"), source)
        ]


def _download(archive: Archive) -> bytes:
    advice = f"fetch {archive.url} by other means and put it there"
    try:
        with urllib.request.urlopen(archive.url, timeout=TIMEOUT) as answer:  # noqa: S310 - a constant; its hash is checked
            content: bytes = answer.read()
    except (OSError, HTTPException) as error:
        raise DataRefused(archive.name, [f"it cannot be reached ({error}): {advice}"]) from error
    if hashlib.sha256(content).hexdigest() != archive.sha256:
        raise DataRefused(archive.name, [f"what came is not the file that is known: {advice}"])
    return content


def _content(archive: tarfile.TarFile, ending: str) -> bytes:
    """Of its only member whose name ends so."""
    member = next(found for found in archive if found.name.endswith(ending))
    file = archive.extractfile(member)
    return file.read() if file else b""


def _read(lines: str, source: str) -> list[Example]:
    found = []
    for line in lines.splitlines():
        columns = line.split("\t")
        sentiment = _sentiment(float(columns[1])) if len(columns) == 3 else None
        if sentiment and len(columns[2].strip()) > 2:
            found.append(Example(text=columns[2].strip(), source=source, sentiment=sentiment))
    return found


def _sentiment(rating: float) -> str | None:
    if abs(rating) <= NONE:
        return "neutral"
    if abs(rating) < CLEAR:
        return None
    return "positive" if rating > 0 else "negative"
