"""Deploying to KServe on a Kubernetes cluster: resolve, dry run, canary, replay, traffic, promote, roll back.

Belongs here: InferenceServices and what the platform does to them. What runs inside their pods is the model server
of the package above; how the cluster is set up (runtime, policies, budgets) lies in `.ops/.kserve`.
"""

from macro_cycle.serving.kubernetes.attempt import Deployed, Patience
from macro_cycle.serving.kubernetes.deployment import KServeDeployment
from macro_cycle.serving.kubernetes.manifests import Target
from macro_cycle.serving.kubernetes.traffic import TrafficGate

__all__ = ["Deployed", "KServeDeployment", "Patience", "Target", "TrafficGate"]
