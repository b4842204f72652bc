"""Plays conversations against the running program and writes them down: `python -m tests.e2e.transcript`."""
