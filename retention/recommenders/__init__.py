"""What a customer wants next: recommenders fitted on a shop's history and served from NumPy arrays.

By stage: `interactions`, `similarity`, `ease` and `words` are what a fit is made of, `facts` what it finds out about
products; `candidates`, `features` and `ranker` choose and rank; `fitting` makes the served `model` of them; `rules` and
`rerank` keep to what the shop wants; `request`, `nightly` and `batch` make lists, `many` those of many customers at
once, from tables in `pieces`; `explanation` says why. All recommenders stand in `registry`; a new one is a class in a
file of `models` and a line there.
"""
