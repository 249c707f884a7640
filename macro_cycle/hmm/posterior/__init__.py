"""What the data leave open: the posterior of a fitted model's parameters, and of its regimes given that doubt.

Here: the EM objective as a joint density with its gradient, its Laplace approximation, the same density as a Pyro
model for SVI and NUTS, and what draws say about regimes and forecasts. Not here: estimation itself (`em.py`). Only
`pyro_model.py` imports torch and Pyro, when one of their methods is asked for.
"""
