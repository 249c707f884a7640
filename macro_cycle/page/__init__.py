"""The page for people who have no Dagster: what the record says, as static files and served on a port of its own.

Belongs here: reading the record into one view model, its words, its drawings, and how it is served. Does not belong
here: making an answer, a score or a declaration. The page computes nothing that the record does not say.
"""
