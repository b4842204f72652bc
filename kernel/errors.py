"""The error that every typed error of the product is one of."""

from __future__ import annotations


class LiukeError(Exception):
    """Something that the caller can put right; the message says what happened, to what, and what to do."""


class ModelDamaged(LiukeError):
    """A model folder is missing, incomplete, altered, or of another kind: use the last good one, or make a new one."""
