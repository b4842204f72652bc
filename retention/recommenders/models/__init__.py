"""The recommenders behind `retention.recommenders.base.ItemModel`, a file for each kind."""
