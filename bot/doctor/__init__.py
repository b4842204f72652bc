"""Looks at a whole installation and says what to do; each check is a small function."""
