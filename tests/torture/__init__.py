"""Attacks on a running program while polite customers write: those must not notice."""
