"""How much of each product will be sold in a period whose price is known: forecasts, intervals and elasticities.

Fitting imports scikit-learn where it is called; what serves customers imports nothing of this package.
"""
