"""HTTP beneath everything that answers. It knows nothing of cases and models, and of readers only that they ask.

request_limits.py   how large a request may be, how long it took;  bodies.py  what JSON is taken from it
thread_pools.py     few threads of each kind;  connections.py  with limits;  listening.py  who still listens to a stream
problems.py         errors as problem details;  metrics.py  what Prometheus reads;  paths.py  where a request goes
scripts.py          the page's own scripts
gradio.py           what is touched of Gradio that it does not promise to keep
"""
