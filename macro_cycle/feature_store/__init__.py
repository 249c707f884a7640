"""Feast: the features and probabilities of each month end, offline with their history and online for the newest.

Belongs here: Feast's objects, the tables they read and the one wrapper through which they are written and read. What
a month's row holds is decided by the assets; which months are written online, too.
Feast takes a second to import (`importing`): callers import this package's modules inside functions.
"""

from macro_cycle.feature_store.importing import quicken
from macro_cycle.feature_store.repository import create_feast_repo, define_macro_entities_and_features

quicken()

__all__ = ["create_feast_repo", "define_macro_entities_and_features"]
