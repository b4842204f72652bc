"""How long something takes, in the machine's own measure.

Milliseconds tell a slow or busy machine from a fast one sooner than slow code from fast code. So what is timed is put
beside a piece of work that never changes, round by round, and the limit is said in its units: two to three times what
the code takes, on the processor where it takes most of them (one that ends at AVX2, with the other core busy).
Milliseconds are what the benchmarks count.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

ROUNDS = 20
_NUMBERS = np.random.default_rng(0).random(60_000)
_WORDS = [f"word{number % 97}" for number in range(2_000)]


def yardstick() -> float:
    """Half interpreter, half memory, as most of what is timed; some half to one millisecond."""
    counts: dict[str, int] = {}
    for word in _WORDS:
        counts[word] = counts.get(word, 0) + len(word)
    return float(np.sort(_NUMBERS[:20_000]).sum() + _NUMBERS.cumsum()[-1] + len(counts))


def times_the_yardstick(*work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Processor time of a piece of work, the median of all of them, over that of the yardstick."""
    for one in (yardstick, *work):
        seconds_of(one)
    measured: list[float] = []
    yards: list[float] = []
    for _ in range(rounds):
        yards.append(seconds_of(yardstick))
        measured += [seconds_of(one) for one in work]
    return statistics.median(measured) / statistics.median(yards)


def seconds_of(work: Callable[[], object]) -> float:
    """Processor time of a piece of work, whatever else the machine does meanwhile."""
    began = time.thread_time()
    work()
    return time.thread_time() - began
