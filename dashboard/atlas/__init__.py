"""Atlas: the reference studies on a map that moves with β.

The page's half of `explain.cohort`. It knows embeddings and verdicts, and opens a study by asking Review for it.
"""
