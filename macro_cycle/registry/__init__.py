"""Models in MLflow: runs, registered versions, aliases, the bundle that is deployed and the gate before it.

Belongs here: what is written to and read from MLflow, and the decision to promote. Training itself is `hmm`'s;
this package only sees that nothing is trained twice.
"""
