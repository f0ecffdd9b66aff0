"""Feedback: the verdicts so far, agreement, the files that others read, and fine-tuning from the page.

How a verdict is kept is the business of `model.feedback`.
"""
