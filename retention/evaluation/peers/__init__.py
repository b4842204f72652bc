"""The tools that people use today, in the same run: the extra `peers`, which the product does not need.

Each is tuned with the same number of settings on the same cut within the past, and sees the same customers,
products and days as our models.
"""

from __future__ import annotations

from importlib.util import find_spec

from retention.errors import RetentionError

INSTALL = "pip install 'liuke[peers]'"
RECTOOLS = "pip install --no-deps 'rectools>=0.18,<0.19' 'typeguard>=4.1,<5'"
"""RecTools runs beside us, but its own requirements exclude NumPy 2 on Python 3.11 and 3.12, and attrs 24."""


class PeersMissing(RetentionError):
    """The extra `peers` is not installed."""

    def __init__(self, absent: list[str]) -> None:
        super().__init__(f"{', '.join(absent)} missing: {INSTALL}")


def require() -> list[str]:
    """Notes on what is optional and absent.

    Raises:
        PeersMissing: one of the libraries of the extra is absent.
    """
    absent = [name for name in ("implicit", "lifetimes", "lightgbm") if find_spec(name) is None]
    if absent:
        raise PeersMissing(absent)
    if find_spec("rectools") is None:
        return [f"RecTools was left out: it is not installed ({RECTOOLS})"]
    return []
