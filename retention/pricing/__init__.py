"""Prices: what a customer is offered, by which rules, and within which limits."""
