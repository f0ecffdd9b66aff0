"""A case from what names it: a study of the table, or a film and a report that somebody sent.

It takes uploads in and encodes. What is then asked of a case it does not know.
"""
