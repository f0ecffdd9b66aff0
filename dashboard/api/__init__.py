"""What programs ask for over HTTP: predict, explain and flag under /api/v1, and what keeps the server watched.

    routes.py    predict, explain and flag
    schemas.py   what is asked and answered;  core.py, queued_pool.py  who answers, and when
    answers.py   evidence as plain numbers, or as a picture
    health.py    is it alive, is it ready, how is it doing

The numbers are those of the page: cases are opened by `dashboard.cases.opening`, explained by
`dashboard.serving.explanations` and judged by `dashboard.review.verdicts`, whoever asks.
"""
