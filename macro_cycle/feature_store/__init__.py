"""Feast: the features and probabilities of each month end, offline with their history and online for the newest.

Belongs here: Feast's objects, the tables they read and the one wrapper through which they are written and read.
Feast takes seconds to import: callers import this package's modules inside functions.
"""
