"""The work behind a command that takes minutes: train, compare, fine-tune, purge.

It knows tables, models and versions, and no page.
"""
