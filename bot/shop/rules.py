"""The shop's rules for recommendations in force: `recommendations.toml` in `LIUKE_HOME`, read again when it changes."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from bot.shop.watched import Watched
from retention.recommenders.rules import Listed, Resolved, WrittenRules, read_rules, resolve
from retention.types import ShopRules
from retention.written import RulesInvalid

FILE = "recommendations.toml"

log = logging.getLogger(__name__)


class Steering:
    """The rules in force: read at the start, and again when the file has changed."""

    def __init__(self, home: Path) -> None:
        self._file = Watched(home / FILE, read_rules, WrittenRules(), _summary)
        self._told: frozenset[str] = frozenset()
        self._told_of = self._file.content()

    def rules(self, products: Iterable[Listed]) -> ShopRules:
        """The rules for the products on sale; what isn't among them is ignored, and said once."""
        written = self._file.content()
        if written is not self._told_of:
            self._told, self._told_of = frozenset(), written
        if written == WrittenRules():
            return ShopRules()
        resolved = resolve(written, products)
        if fresh := [one for one in resolved.unknown if one not in self._told]:
            log.warning("%s names what is not on sale, which is ignored: %s", FILE, "; ".join(fresh))
            self._told = self._told.union(fresh)
        return resolved.rules


def _summary(written: WrittenRules) -> str:
    return f"{len(written.pin)} pinned, {len(written.bury)} buried, {len(written.at_most)} categories capped"


__all__ = ["FILE", "Listed", "Resolved", "RulesInvalid", "Steering", "WrittenRules", "read_rules", "resolve"]
