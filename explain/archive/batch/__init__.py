"""Explanations of whole archives: many cases at one β, in batches, as a function of an engine and a block of studies.

Nothing here keeps anything, so that blocks may be explained by any number of processes.
"""

from explain.archive.batch.cases import Explained, explain_cases
from explain.archive.batch.encoded import Case
from explain.archive.studies import Row, explain_studies
from explain.archive.batch.words import METHODS, batched_method

__all__ = ["METHODS", "Case", "Explained", "Row", "batched_method", "explain_cases", "explain_studies"]
