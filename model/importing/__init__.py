"""From somebody's collection to `studies.csv`: which records can be used, where files go, what was left out.

It knows sources and their conventions, and no network.
"""
