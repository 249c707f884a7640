"""Whether a model may serve: the evidence, the gate that weighs it, and the decisions kept of both gate and people.

Does not belong here: MLflow (`registry`), bringing a model to an endpoint (`serving`).
"""
