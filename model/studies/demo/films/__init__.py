"""Films without a patient: bodies bent from one CT, findings drawn into them, and the ways in which films are taken.

A film is a build (`build.py`: anatomy and findings, projected to line integrals) and a look (`look.py`: how it was
taken and developed). Looks know nothing of findings. Only `python -m model.studies.demo.build` and whoever else draws
films imports this room: it needs the extra `demo`.
"""
