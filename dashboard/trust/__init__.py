"""Trust: can the explanation on the stage be believed, and which method can?

The page's half of `explain.trust`.
"""
