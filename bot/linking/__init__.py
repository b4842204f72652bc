"""Which customer a messenger account belongs to, and the proofs of it."""
