"""Who is about to leave: a calibrated logistic model of "no purchase within the horizon"."""
