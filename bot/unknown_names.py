"""Names that a person wrote and nobody reads: settings in the environment or in `liuke.env`, and ids of texts."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from bot.conversation.texts import unknown_texts
from bot.settings import Settings, env_files

_PREFIX = "LIUKE_"
# What the repository's own tests and docker/compose.yaml read.
_OTHERS = ("LIUKE_DB_PASSWORD", "LIUKE_SHARED_DATA", "LIUKE_TEST_POSTGRES", "LIUKE_TEST_REDIS")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownName:
    """A name that does nothing where it stands."""

    name: str
    where: str
    nearest: str
    """What was meant, perhaps; empty where nothing is like it."""

    def __str__(self) -> str:
        """A sentence for people; never a value."""
        meant = f"; did you mean {self.nearest}?" if self.nearest else "."
        return f"{self.name} in {self.where} is not known and does nothing{meant}"


def unknown_names(home: Path, environment: Mapping[str, str]) -> Iterator[UnknownName]:
    """Each one that is to be mended, those of settings first; see the two below."""
    yield from unknown_settings(home, environment)
    yield from unknown_ids(home)


def unknown_settings(home: Path, environment: Mapping[str, str]) -> Iterator[UnknownName]:
    """Settings that there are none of.

    Args:
        home: its `liuke.env`, and the one in the folder where the command was started, are looked at.
        environment: names that begin with `LIUKE_` are looked at.

    Raises:
        OSError, UnicodeDecodeError: a file can't be read.
    """
    known = [f"{_PREFIX}{name.upper()}" for name in Settings.model_fields]
    ours = [name for name in environment if name.upper().startswith(_PREFIX)]
    for name in ours:
        if name.upper() not in (*known, *_OTHERS):
            yield UnknownName(name=name, where="the environment", nearest=_setting_like(name, known))
    for path in dict.fromkeys(one.resolve() for one in env_files(home)):
        for name in dotenv_values(path):
            if name.upper() not in (*known, *_OTHERS):
                yield UnknownName(name=name, where=str(path), nearest=_setting_like(name, known))


def unknown_ids(home: Path) -> Iterator[UnknownName]:
    """Texts in the home that nobody says.

    Raises:
        TextsInvalid: a file isn't UTF-8.
    """
    for path, text_id, ids in unknown_texts(home / "texts"):
        name, where = (text_id, str(path)) if text_id else (path.name, str(path.parent))
        yield UnknownName(name=name, where=where, nearest=_like(name, ids))


def _setting_like(name: str, known: Sequence[str]) -> str:
    """Compared without what all have in common, which would make all alike."""
    found = _like(name.upper().removeprefix(_PREFIX), [one.removeprefix(_PREFIX) for one in known])
    return f"{_PREFIX}{found}" if found else ""


def _like(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return next(iter(close or [one for one in known if name in one]), "")
