"""Public sets of labelled messages, kept outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

from tests.conftest import absent

SHARED = Path(
    os.environ.get("LIUKE_SHARED_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data"
)


def public_sets() -> Path:
    """The folder of all sets; skips where it is absent."""
    if not (SHARED / "nlu").exists():
        absent("nlu in LIUKE_SHARED_DATA")
    return SHARED / "nlu"
