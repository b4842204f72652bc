"""What the demo shop sells, written by hand: a file a category, and the words they share."""
