"""What is known of a customer as of a moment, computed once in Ibis for a fit and once in Python for serving.

Both give the same integers (`raw`): counts, minor units, days and microseconds. Ratios and logarithms are
worked out from them in one place (`derived`), so the two can't drift apart by rounding.
"""
