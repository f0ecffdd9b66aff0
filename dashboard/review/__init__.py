"""Review: a case in, a decision with its evidence out, and the reader's verdict on it.

The other tabs may ask it to open a study; it knows none of them.
"""
