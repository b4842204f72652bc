"""What a log may say of an error."""

from __future__ import annotations

import traceback
from pathlib import Path

_FRAMES = 4


def describe(error: BaseException) -> str:
    """Its type and where it was raised, innermost first; never its message, which may quote a customer."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}" if places else type(error).__name__
