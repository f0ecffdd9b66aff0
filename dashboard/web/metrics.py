"""What Prometheus reads at /metrics: how long each stage takes, what waits, what is kept, what was flagged. Nothing of
it is about a case or a person."""

from prometheus_client import Counter, Histogram

SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

STAGE = Histogram("betalens_stage_seconds", "Time that a stage takes.", ["stage"], buckets=SECONDS)
ENCODE, PREDICT, EXPLAIN, FLAG = (STAGE.labels(stage) for stage in ("encode", "predict", "explain", "flag"))
EVIDENCE = Counter("betalens_evidence_total", "Evidence asked for, and whether it was at hand.", ["at_hand"])
FLAGS = Counter("betalens_flags_total", "Verdicts saved.", ["verdict"])
REQUESTS = Histogram(
    "betalens_request_seconds", "Time until an answer is complete.", ["method", "route", "status"], buckets=SECONDS
)
