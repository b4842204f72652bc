"""What our model is compared with: the classifiers that anybody would try first, and a model twice as deep."""
