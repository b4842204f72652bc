"""What can be wrong with an import as a whole, and with one row."""

from __future__ import annotations


class ImportRefused(Exception):
    """The import can't begin; the message says what to change."""


class BadRow(Exception):
    """A row can't be taken; the message is the reason that people read."""
