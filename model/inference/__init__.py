"""A loaded model that answers: of one case at any β, and of all the studies of a table.

It also knows what a model has learnt from, and what it reports at a probability. It trains nothing.
"""
