"""How good a model is: metrics over β with intervals over patients, and models held against one another.

It measures and changes nothing.
"""
