"""What customers will buy and spend over a horizon: BG/NBD for how often, Gamma-Gamma for how much."""
