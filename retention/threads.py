"""Linear algebra and boosting in one thread, for work that shares its machine with the serving process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from threadpoolctl import threadpool_limits

POOLS = ("scipy.linalg", "sklearn.ensemble")
"""Modules that bring thread pools of their own: SciPy's BLAS beside NumPy's, and OpenMP."""


@contextmanager
def one_thread(pools: tuple[str, ...] = POOLS) -> Iterator[None]:
    """Threads that wait for one another on busy cores take several times as long as one alone.

    A limit holds for the libraries that are loaded when it is set, so those that the work will load are loaded first.

    Args:
        pools: modules to load; one that is not installed has no threads, either.
    """
    for name in pools:
        try:
            import_module(name)
        except ImportError:
            continue
    with threadpool_limits(1):
        yield
