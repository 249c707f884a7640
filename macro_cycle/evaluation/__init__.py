"""How good the answers are: the official chronology, scores, benchmarks, replays and the reasons of a change.

Belongs here: chronologies, scores against them and their uncertainty, rivals, the page of the record, news.
Does not belong here: training, storing or serving a model.
"""
