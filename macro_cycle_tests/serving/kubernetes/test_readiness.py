"""A status is believed only if it is of the generation that was written, and a failure is not waited for."""

import pytest

from macro_cycle.serving.deployers import DeploymentError
from macro_cycle.serving.kubernetes.readiness import is_ready

READY = {"conditions": [{"type": "Ready", "status": "True"}]}


def document(**status: object) -> dict:
    return {"metadata": {"name": "m", "generation": 2}, "status": status}


def test_a_stale_ready_condition_is_not_believed():
    assert not is_ready(document(observedGeneration=1, **READY), 2)
    assert is_ready(document(observedGeneration=2, **READY), 2)


def test_a_service_that_nobody_has_looked_at_is_not_ready():
    assert not is_ready({"metadata": {"generation": 1}}, 1)


def test_a_ready_service_whose_new_model_is_still_loading_is_not_ready():
    assert not is_ready(document(observedGeneration=2, modelStatus={"transitionStatus": "InProgress"}, **READY), 2)


def test_a_ready_service_without_its_canary_is_not_ready():
    assert not is_ready(document(observedGeneration=2, **READY), 2, canary="v2")
    statuses = [{"name": "v2", "ready": True}, {"name": "v3", "ready": False}]
    assert is_ready(document(observedGeneration=2, canaryStatuses=statuses, **READY), 2, canary="v2")
    assert not is_ready(document(observedGeneration=2, canaryStatuses=statuses, **READY), 2, canary="v3")


@pytest.mark.parametrize("state", ["BlockedByFailedLoad", "InvalidSpec"])
def test_a_model_that_cannot_load_is_an_error_at_once(state):
    failure = {"transitionStatus": state, "lastFailureInfo": {"reason": "ModelLoadFailed", "message": "no such key"}}
    with pytest.raises(DeploymentError, match="ModelLoadFailed: no such key"):
        is_ready(document(observedGeneration=2, modelStatus=failure, **READY), 2)
    statuses = [{"name": "v2", "ready": False, "modelStatus": failure}]
    with pytest.raises(DeploymentError, match="ModelLoadFailed: no such key"):
        is_ready(document(observedGeneration=2, canaryStatuses=statuses, **READY), 2, canary="v2")
