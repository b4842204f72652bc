"""Draws pictures of products that have none: a shape for what it is, in its own colour, with its name."""
