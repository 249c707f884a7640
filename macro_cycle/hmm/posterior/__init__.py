"""What the data leave open: the posterior of a fitted model's parameters, and of its regimes given that doubt.

Here: the EM objective as a differentiable joint density and as a Pyro model, its Laplace approximation, SVI
and NUTS, and what draws say about regimes and forecasts. Not here: estimation itself (`em.py`). Everything
below imports torch or Pyro; `MacroCycleHMM.posterior` loads it when it is first asked.
"""
