"""The network: encoders, fusions, head; and the checkpoint that it is kept in.

It maps films and reports to logits at a β. It knows no table and no training.
"""
