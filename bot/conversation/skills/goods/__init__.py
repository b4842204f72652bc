"""What is asked of goods: which are named, what they are like, how they differ, and what several cost together."""
