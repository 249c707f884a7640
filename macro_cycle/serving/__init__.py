"""Answering over HTTP: the KServe predictor, its server, and the deployers that bring a model there.

Belongs here: requests, answers, checks of both, and swapping models without losing a request. What the answer is
comes from `hmm`; which model may serve is decided in `registry`.
"""
