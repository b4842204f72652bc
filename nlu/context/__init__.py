"""Reads what a message does in its conversation, from the vectors that the encoder has made of it."""
