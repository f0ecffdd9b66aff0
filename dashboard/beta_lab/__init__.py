"""β lab: how well the model decides at every β.

The page's half of `model.evaluation`. It measures once for all readers and knows none of them.
"""
