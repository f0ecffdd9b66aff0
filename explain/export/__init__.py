"""What leaves for others' programs: the answer on one case, in forms that they read.

Who asked for it, it does not know.
"""
