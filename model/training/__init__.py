"""From a table to weights: batches, loss, one loop, cross-validation over patients, calibration.

It knows nothing of reviewers, nor of how its result is judged.
"""
