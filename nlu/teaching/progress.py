"""Saying how far something is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""What is being done, and which share of it is finished."""


def quiet(_what: str, _share: float) -> None:
    """Say nothing."""


def counting(what: str, total: int, progress: Progress) -> Callable[[int], None]:
    """Turn "so many more" into a share of the total."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(what, done / max(1, total))

    return advance
