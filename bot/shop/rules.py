"""The shop's rules for recommendations in force: `recommendations.toml` in `LIUKE_HOME`, read again when it changes."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from retention.recommenders.rules import Listed, Resolved, RulesInvalid, WrittenRules, read_rules, resolve
from retention.types import ShopRules

FILE = "recommendations.toml"

log = logging.getLogger(__name__)


class Steering:
    """The rules in force: read at the start, and again when the file has changed."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._written = WrittenRules()
        self._told: frozenset[str] = frozenset()
        self._seen = self._stamp()
        self._read()

    def rules(self, products: Iterable[Listed]) -> ShopRules:
        """The rules for the products on sale; what isn't among them is ignored, and said once."""
        if (stamp := self._stamp()) != self._seen:
            self._seen = stamp
            self._read()
        if self._written == WrittenRules():
            return ShopRules()
        resolved = resolve(self._written, products)
        if fresh := [one for one in resolved.unknown if one not in self._told]:
            log.warning("%s names what is not on sale, which is ignored: %s", FILE, "; ".join(fresh))
            self._told = self._told.union(fresh)
        return resolved.rules

    def _read(self) -> None:
        """Take the file's rules; a broken one is reported, and the rules in use stay."""
        try:
            written = read_rules(self._path)
        except RulesInvalid as invalid:
            log.error("%s\nThe rules in use stay.", invalid)
            return
        if written != self._written:
            log.info(
                "%s: %d pinned, %d buried, %d categories capped",
                FILE,
                len(written.pin),
                len(written.bury),
                len(written.at_most),
            )
        self._written, self._told = written, frozenset()

    def _stamp(self) -> tuple[int, ...]:
        """Other than before when the file is another, or may be read now."""
        try:
            facts = self._path.stat()
        except OSError as error:
            return (error.errno or 0,)
        return facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino


__all__ = ["FILE", "Listed", "Resolved", "RulesInvalid", "Steering", "WrittenRules", "read_rules", "resolve"]
