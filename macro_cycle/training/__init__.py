"""Training a model, or finding it again: once for each panel and configuration.

Belongs here: what a panel and a configuration give, and the bundle that a trained model is handed on in. The model
itself is `hmm`'s, its log in MLflow `registry`'s.
"""
