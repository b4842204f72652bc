"""What a check found, and what it may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.settings import Settings
from storage import Store
from storage.contents import Contents

State = Literal["fine", "look", "bad"]
"""look: it serves, and somebody should see to it; bad: something doesn't work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one thing stands."""

    name: str
    state: State
    found: str
    """Never a secret, nor anything about a customer."""
    to_do: str = ""
    """Empty where nothing is to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The installation that is looked at."""

    settings: Settings
    environment: Mapping[str, str]
    now: datetime
    contents: Contents
    """Of the database; no counts where it can't be used."""
    store: Store | None
    """None where it can't be used, or nothing was made there yet, or another version made it."""
