"""What stands before Gradio's routes.

headers.py   what each answer carries;  origins.py  not for pages on other sites;  hosts.py  names of this machine
routes.py    which of Gradio's routes there are;  owners.py  whose page it is;  calls.py  what its functions take
mounted.py   below a path of a proxy;  quiet.py  what the log says of a failure

How much of a request is read, and Gradio's internals, are the business of `dashboard.web`.
"""
