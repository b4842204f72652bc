"""How a refit is started in a process of its own, without importing what fits."""

from __future__ import annotations

import sys


def child_command(seed: int) -> list[str]:
    """The command line of a refit; the child takes its settings from the same environment."""
    return [sys.executable, "-m", "bot.cli", "refit", "--seed", str(seed), "--plain"]
