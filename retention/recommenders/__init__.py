"""What a customer wants next: recommenders fitted on a shop's history and served from NumPy arrays."""
