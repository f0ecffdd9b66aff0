"""What the machine gives a process: threads, and memory between two passes of a network.

It knows torch and the operating system, and nothing of models.
"""
