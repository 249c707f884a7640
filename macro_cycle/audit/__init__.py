"""Reproducing what was said: replay of recorded answers, link by link, and the chain of calls.

Does not belong here: writing the record (`warehouse`), explaining why an answer moved (`evaluation.news`).
"""
