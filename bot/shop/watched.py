"""A file of the shop's rules, read again when it changes; a broken one is reported, and what was read before stays."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from retention.written import RulesInvalid

Content = TypeVar("Content")

log = logging.getLogger(__name__)


class Watched(Generic[Content]):
    """What a file says: read at the start, and again when it has changed."""

    def __init__(
        self, path: Path, read: Callable[[Path], Content], content: Content, summary: Callable[[Content], str]
    ) -> None:
        """Read it.

        Args:
            path: of the file, which need not be there.
            read: raises `RulesInvalid` where the file can't be used.
            content: what holds while no file could be read.
            summary: what the log says of a new content.
        """
        self._path, self._read_from, self._content, self._summary = path, read, content, summary
        self.problems: tuple[str, ...] = ()
        """Of the file as it is now; empty where it is in use."""
        self._seen = self._stamp()
        self._read()

    def content(self) -> Content:
        """What is in force: the same object until another file has been taken."""
        if (stamp := self._stamp()) != self._seen:
            self._seen = stamp
            self._read()
        return self._content

    def _read(self) -> None:
        try:
            content = self._read_from(self._path)
        except RulesInvalid as invalid:
            self.problems = tuple(invalid.problems)
            log.error("%s\nThe rules in use stay.", invalid)
            return
        self.problems = ()
        if content != self._content:
            log.info("%s: %s", self._path.name, self._summary(content))
        self._content = content

    def _stamp(self) -> tuple[int, ...]:
        """Other than before when the file is another, or may be read now."""
        try:
            facts = self._path.stat()
        except OSError as error:
            return (error.errno or 0,)
        return facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino
