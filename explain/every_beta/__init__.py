"""The evidence for one finding of one case, at every β.

Probabilities, attributions, the shares of the modalities and the alert for pairs that do not belong together. It knows
one case at a time: no table, no page.
"""
