"""A model learns from its reviewers: labels that may be wrong, evidence that was, versions and the way back.

It knows feedback as labels; how a verdict is kept is the business of `model.feedback`.
"""
