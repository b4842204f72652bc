"""The columns of an export, and how their cells are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from bot.shop.importing import values
from bot.shop.importing.presets import cleaning
from bot.shop.importing.rows import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What cells and records are read with."""

    options: Options
    currency: str
    """Of amounts whose row doesn't say it."""
    memory: dict[str, Any] = field(default_factory=dict)
    """What a shape's first pass has kept for its second."""
    products: set[str] | None = None
    """The ids of the products that the files hold; None where no file is of products."""
    moment: Callable[[Any], datetime | None] = field(init=False)
    """Reads a moment, UTC."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "moment", values.moment_in(self.options))


Clean: TypeAlias = Callable[[Any, Reading], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export."""

    names: tuple[str, ...]
    """What it is called in the system's versions and languages, the best first; only letters and digits count."""
    clean: Clean


def cell(clean: Callable[[Any], Any], *names: str) -> Column:
    """A column whose cells need nothing but themselves to be read."""
    return Column(names, lambda raw, _: clean(raw))


def moment(*names: str) -> Column:
    """A moment, UTC."""
    return Column(names, lambda raw, with_: with_.moment(_zoned(raw)))


text = partial(cell, cleaning.text)
"""Words."""
code = partial(cell, cleaning.code)
"""What names a thing."""
money = partial(cell, cleaning.number)
"""An amount, in the currency's main unit."""
whole = partial(cell, cleaning.whole)
"""A whole number."""
truth = partial(cell, values.truth)
"""Yes or no."""


def _zoned(raw: Any) -> Any:
    """Shopify's `… UTC` in a form that is known; dates of which nothing is known as none."""
    words = cleaning.text(raw) if isinstance(raw, str) else raw
    if isinstance(words, str) and words.endswith(" UTC"):
        return words.removesuffix(" UTC") + "+00:00"
    return words
