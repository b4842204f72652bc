"""What holds for things of which a record says nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """The shop's own, by its settings."""

    language: str = "zh"
    time_zone: str = "Asia/Shanghai"
    currency: str = "CNY"
