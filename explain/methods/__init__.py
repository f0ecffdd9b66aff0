"""The methods of explanation: a folder a modality, a file a method, and what they share.

A method answers a question (`base`) with scores at every β. It knows no other method, no table and no page.
"""
