"""What is done by the clock: nightly fits, campaigns, and what is forgotten."""
