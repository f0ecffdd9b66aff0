"""Can an explanation be believed? Tests of one explanation, and of a method over a table of studies.

Faithfulness and robustness need no truth; where a table states it, evidence is held against it. It knows no page.
"""
