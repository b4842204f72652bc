"""The demo shop: invented goods, people and eighteen months of their doings, the same for the same seed."""
