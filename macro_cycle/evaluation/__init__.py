"""How good the answers are: the official chronology, scores, benchmarks, replays and the reasons of a change.

Belongs here: the NBER dates, metrics of probabilities against them, baselines, news decomposition.
Does not belong here: training, storing or serving a model.
"""
