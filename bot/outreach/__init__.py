"""Whom to write to, when, with what, or to leave alone."""
