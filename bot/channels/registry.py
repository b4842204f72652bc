"""Every channel. One more is a file (or a folder) with its `KIND`, and its entry here."""

from __future__ import annotations

from bot.channels import telegram, web

CHANNELS = (web.KIND, telegram.KIND)

WRITING_FIRST = tuple(kind.name for kind in CHANNELS if kind.writes_first)
"""Names of the channels that campaigns may use."""
