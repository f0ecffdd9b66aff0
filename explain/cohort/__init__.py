"""The studies of a table beside one another: spaces, neighbours, the atlas, groups, and what is worth a look.

It knows embeddings and decisions of studies; explanations of single cases are not its business.
"""
