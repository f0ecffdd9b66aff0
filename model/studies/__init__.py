"""Tables of studies: read as people write them, split by patient, known again by content; and the embedded demo.

It knows films, reports, labels and patients. It knows no network.
"""
