"""How the page looks and speaks: theme, words, pictures, widgets, evidence as bytes.

It knows no reader, no model and no request.
"""
