"""A shop's data as a whole: back-ups and moving house."""
