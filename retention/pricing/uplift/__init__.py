"""Uplift: by how much a treatment changes what each customer does, learned from an experiment."""
