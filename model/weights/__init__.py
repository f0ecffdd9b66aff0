"""Weights that others published: which there are, and how they come on to this machine, once and checked.

Only `betalens weights` fetches; training and serving find by name what is there (`model.storage.weights_cache`).
"""
