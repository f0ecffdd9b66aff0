"""Files: written whole or not at all, text that no spreadsheet runs, and where the packaged assets lie.

It knows bytes and paths; of studies and models it knows nothing.
"""
