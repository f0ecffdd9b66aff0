"""What every tab is built from: the context, the header, and how tabs are found.

It names no tab.
"""
