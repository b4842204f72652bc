"""What a log may say of an error, and how often."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from storage import StoreUnavailable

_Kinds: TypeAlias = type[Exception] | tuple[type[Exception], ...]

_FRAMES = 4
_AGAIN_AFTER = 60.0
"""Seconds: while the database is away every part of the program fails again and again, for one reason."""

log = logging.getLogger(__name__)


def describe(error: BaseException) -> str:
    """Its type and where it was raised, innermost first; never its message, which may quote a customer."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}" if places else type(error).__name__


class Faults:
    """Puts failures into the log; a database that can't be used is one failure, whoever meets it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._said: dict[str, float] = {}

    def tell(self, say: Callable[..., None], error: BaseException, message: str, *values: object) -> None:
        """Say what failed, and why.

        Args:
            say: of the caller's logger, such as `log.warning`.
            error: why. If it is that the database can't be used, that alone is said, once a minute by the process.
            message: what failed, as for `say`; what kind of error it was is added.
        """
        if not isinstance(error, StoreUnavailable):
            say(f"{message}: %s", *values, describe(error))
            return
        now = self._clock()
        said_at = self._said.get(str(error))
        if said_at is None or now - said_at >= _AGAIN_AFTER:
            self._said[str(error)] = now
            self._since = now if self._since is None else self._since
            log.error("%s (%s); trying again", error, type(error.__cause__ or error).__name__)

    @contextmanager
    def told(
        self, say: Callable[..., None], message: str, *values: object, only: _Kinds = Exception
    ) -> Iterator[None]:
        """What fails inside is told, as by `tell`, and passed over; `only` errors of these kinds."""
        try:
            yield
        except only as error:
            self.tell(say, error, message, *values)

    def over(self) -> None:
        """Something has just been written; what comes and goes is still said once a minute."""
        if self._since is not None:
            log.info("the database can be used again, after %.0f s", self._clock() - self._since)
            self._since = None


faults = Faults()
"""Of this process."""
