"""Who is about to leave: a calibrated blend of models of "no purchase within the horizon", and of a label."""
