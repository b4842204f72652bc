"""Makes and measures the reader of messages in their conversation."""
