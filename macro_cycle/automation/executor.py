"""Where the steps of a run are carried out: in the run's own process, or each in a pod of a cluster."""

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from macro_cycle.platform.settings import DagsterSettings

STEPS_AT_A_TIME = 2


def executor(settings: "DagsterSettings") -> dg.ExecutorDefinition:
    """The executor of every job. In a cluster each step takes image, secrets and settings from its run's pod."""
    if settings.executor == "kubernetes":
        from dagster_k8s import k8s_job_executor

        in_pods: dg.ExecutorDefinition = k8s_job_executor.configured({"max_concurrent": STEPS_AT_A_TIME})
        return in_pods
    return dg.in_process_executor
