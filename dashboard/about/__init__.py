"""About: what this is for, what it is not, and what it runs on.

It reads the model card and knows no case.
"""
