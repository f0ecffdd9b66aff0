"""A whole table explained into files, in batches, by one process or a cluster.

It knows tables, files and batches of cases; nobody looks on.
"""
