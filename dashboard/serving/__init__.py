"""Which model answers whom: the models that are loaded, readers' sessions, explanations and the queue before them.

It knows no widget and no tab.
"""
