"""The real model server answers the golden windows of its own model, and is found out with another's."""

import dataclasses

import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import read_settings
from macro_cycle.serving.assembly import offered, served_models
from macro_cycle.serving.bundle_store import BundleStore
from macro_cycle.serving.deployers import DeploymentError
from macro_cycle.serving.kubernetes.container import take_up
from macro_cycle.serving.kubernetes.golden import golden_windows, replay
from macro_cycle.training.bundle import Bundle

pytestmark = pytest.mark.slow


def test_the_model_server_agrees(server, bundle):
    assert replay(server.url, "macro-cycle-hmm", bundle) == 5


def test_a_server_with_another_model_is_found_out(server, bundle):
    other = dataclasses.replace(bundle, meta={**bundle.meta, "model_version": "another"})
    with pytest.raises(DeploymentError, match="instead of another"):
        replay(server.url, "macro-cycle-hmm", other)


def test_a_probability_that_differs_is_found_out(server, bundle):
    label, *_ = bundle.expected["probabilities"]
    moved = {**bundle.expected["probabilities"], label: bundle.expected["probabilities"][label] + 1e-5}
    other = dataclasses.replace(bundle, expected={**bundle.expected, "probabilities": moved})
    with pytest.raises(DeploymentError, match=f"for {label} instead of"):
        replay(server.url, "macro-cycle-hmm", other)


def test_nobody_at_the_address_is_one_line(bundle):
    with pytest.raises(DeploymentError, match=r"does not answer \(ConnectError\)$"):
        replay("http://127.0.0.1:1", "macro-cycle-hmm", bundle)


def test_golden_windows_end_with_the_whole_panel(bundle):
    *_, last = golden_windows(bundle)
    assert len(last.rows) == len(bundle.panel)
    assert last.probabilities == pytest.approx(bundle.expected["probabilities"], abs=1e-12)


def test_a_pod_serves_the_bundle_it_was_given(bundle, tmp_path):
    settings = read_settings(home=tmp_path / "home")
    version = take_up(settings, bundle.write(tmp_path / "models"))
    assert BundleStore(settings.home / "serving").committed() == [version]


def test_a_pod_serves_the_cycle_it_is_told_by_the_name_of_its_service(bundle, tmp_path):
    name = "any-name"
    settings = read_settings(home=tmp_path / "home", kserve={"cycle": "br", "model_name": name})
    version = take_up(settings, bundle.write(tmp_path / "models"))
    cycles = offered(settings)
    assert {served_as: (each.code, each.economy) for served_as, each in cycles.items()} == {name: ("br", "BR")}
    assert served_models(settings, cycles[name]).current().version == version


def test_a_pod_that_is_told_no_cycle_there_is_says_so(tmp_path):
    with pytest.raises(MacroCycleError, match="there is no cycle xx; there are us, br"):
        offered(read_settings(home=tmp_path, kserve={"cycle": "xx"}))


def test_a_pod_refuses_a_bundle_that_does_not_answer_its_own_window(bundle, tmp_path):
    probabilities = dict.fromkeys(bundle.expected["probabilities"], 0.25)
    wrong = Bundle(bundle.model, bundle.panel, {**bundle.expected, "probabilities": probabilities}, bundle.meta)
    with pytest.raises(MacroCycleError):
        take_up(read_settings(home=tmp_path / "home"), wrong.write(tmp_path / "models"))
