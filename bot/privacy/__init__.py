"""What is held about a person: handed over, or erased."""
