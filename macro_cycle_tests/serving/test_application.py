"""What a client gets over HTTP, gRPC and KServe's own server, without a socket: the same answers, the same refusals."""

import asyncio
import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import MacroCycleHMM
from macro_cycle.serving.answering import Answering, OnlineFeatures
from macro_cycle.serving.assembly import assemble, take_up
from macro_cycle.serving.bundle_store import BundleStore
from macro_cycle.serving.deployers import LocalDeployer
from macro_cycle.serving.grpc_service import InferenceService
from macro_cycle.serving.served_models import ServedModels
from macro_cycle_tests.serving.applications import NAME, TODAY, V1, V2, Application

PAST = {"label": "Expansion", "recession_probability": 0.1, "probabilities": {"Expansion": 0.9, "Contraction": 0.1}}
HISTORY = [
    {"as_of": "2007-01-31", "reference_month": "2006-12-01", "model_version": "old", **PAST},
    {"as_of": "2007-02-28", "reference_month": "2007-01-01", "phase": "expansion", "model_version": "older", **PAST},
]
MONTHS = 24


@pytest.fixture(scope="module")
def application(tmp_path_factory, bundle):
    made = Application(tmp_path_factory.mktemp("home"))
    made.serve(replace(bundle, history=HISTORY))
    return made


def get(application, path):
    return asyncio.run(application.call("GET", path))


def post(application, path, document, **options):
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return asyncio.run(application.call("POST", path, content=content, **options))


def predicted(application, instance):
    response = post(application, V1, {"instances": [instance]})
    assert response.status_code == 200, response.text
    return response.json()["predictions"][0]


def inferred(application, *inputs, **more):
    response = post(application, V2, {"inputs": list(inputs), **more})
    assert response.status_code == 200, response.text
    return {output["name"]: output["data"] for output in response.json()["outputs"]}


def words(name, *texts):
    return {"name": name, "datatype": "BYTES", "shape": [len(texts)], "data": list(texts)}


def window(bundle, months=MONTHS):
    return bundle.panel.iloc[-months:].to_numpy()


def rows(values):
    return [[None if np.isnan(cell) else cell for cell in row] for row in values.tolist()]


def panel(values):
    cells = [cell for row in rows(values) for cell in row]
    return {"name": "panel", "datatype": "FP64", "shape": list(values.shape), "data": cells}


def test_a_window_is_answered_by_the_filter_on_v1_and_v2(application, bundle):
    model, sent = MacroCycleHMM.from_document(bundle.model), window(bundle)
    filtered = model.filter(sent).filtered_probs[-1]
    forecast = model.forecast(sent, 12).recession_probability
    v1, v2 = predicted(application, rows(sent)), inferred(application, panel(sent))
    assert list(v1["probabilities"].values()) == v2["probabilities"] == filtered.tolist()
    assert list(v1["probabilities"]) == v2["labels"] == list(model.labels)
    assert list(v1["forecast"].values()) == v2["forecast"] == forecast[[0, 2, 5, 11]].tolist()
    assert v2["forecast_months"] == [int(months) for months in v1["forecast"]] == [1, 3, 6, 12]


@pytest.mark.parametrize("day", ["latest", "2008-01-10", "2008-01", "2007-02-28", "2007-02", "2007-03-15"])
def test_v1_and_v2_answer_a_day_with_the_same_fields(application, day):
    v1 = predicted(application, {"as_of": day})
    v2 = inferred(application, words("as_of", day))
    held = {name: value for name, value in v1.items() if value is not None}
    keys = {"probabilities": "labels", "phases": "phase_labels", "forecast": "forecast_months"}
    assert set(v2) == set(held) | {keys[name] for name in held if name in keys}
    for name, value in held.items():
        if name not in keys:
            assert v2[name] == [value], name
    assert v2["probabilities"] == list(v1["probabilities"].values())


def test_the_record_answers_with_what_was_said_then(application, bundle):
    said = predicted(application, {"as_of": "2007-03-15"})
    assert (said["as_of"], said["reference_month"], said["age_days"]) == ("2007-02-28", "2007-01", 15)
    assert (said["model_version"], said["phase"], said["stale"]) == ("older", "expansion", False)
    latest = predicted(application, {"as_of": "latest"})
    assert latest["probabilities"] == bundle.expected["probabilities"]
    assert (latest["as_of"], latest["reference_month"]) == ("2007-12-31", "2007-11")
    assert latest["model_version"] == bundle.meta["model_version"]


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2008-01-21", "in the future"),
        ("2008-02", "in the future"),
        ("2007-01-30", "the record begins on 2007-01-31"),
        ("1850-01-01", "the record begins"),
        ("2008-13", "as_of is"),
        ("2008-02-30", "as_of is"),
        ("now", "as_of is"),
    ],
)
def test_a_day_without_an_answer_is_refused(application, day, reason):
    for response in (
        post(application, V1, {"instances": [{"as_of": day}]}),
        post(application, V2, {"inputs": [words("as_of", day)]}),
    ):
        assert response.status_code == 400
        assert reason in response.json()["error"]


def test_data_grow_stale_and_say_so(tmp_path, bundle):
    made = Application(tmp_path)
    made.serve(replace(bundle, expected={**bundle.expected, "reference_month": "2007-10-01"}))
    assert predicted(made, {"as_of": "latest"})["stale"] is True


def test_what_the_record_holds_beside_is_answered_too(tmp_path, bundle):
    more = {"phase": "recession", "band": [0.05, 0.2], "ages": {"INDPRO": 20.0}, "forecast": {"1": 0.5, "12": 0.25}}
    made = Application(tmp_path)
    made.serve(replace(bundle, expected={**bundle.expected, **more}))
    v1, v2 = predicted(made, {"as_of": "latest"}), inferred(made, words("as_of", "latest"))
    assert {name: v1[name] for name in more} == more
    assert (v2["phase"], v2["band"], v2["ages"], v2["ages_keys"]) == (["recession"], [0.05, 0.2], [20.0], ["INDPRO"])
    assert (v2["forecast"], v2["forecast_months"]) == ([0.5, 0.25], [1, 12])


def test_v2_heeds_id_outputs_and_binary(application):
    request = {
        "inputs": [words("as_of", "latest", "2008-01")],
        "id": "seven",
        "outputs": [{"name": "stale"}, {"name": "recession_probability", "parameters": {"binary_data": True}}],
    }
    response = post(application, V2, request)
    head = int(response.headers["inference-header-content-length"])
    document = json.loads(response.content[:head])
    assert document["id"] == "seven"
    assert [output["name"] for output in document["outputs"]] == ["stale", "recession_probability"]
    assert len(np.frombuffer(response.content[head:])) == 2
    whole = post(application, V2, {"inputs": request["inputs"], "parameters": {"binary_data_output": True}})
    assert all(
        "binary_data_size" in o["parameters"]
        for o in json.loads(whole.content[: int(whole.headers["inference-header-content-length"])])["outputs"]
    )


BAD = {
    "no JSON": b"{",
    "no UTF-8": b'{"instances": ["\xff"]}',
    "a long integer": b'{"instances": [[[' + b"9" * 400 + b"]]]}",
    "deep": b"[" * 2_000,
    "empty": b"",
    "another key": {"instances": [{"as_of": "latest"}], "inputs": []},
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
@pytest.mark.parametrize("path", [V1, V2])
def test_bad_bodies_get_one_line_of_400(application, path, body):
    response = post(application, path, body)
    assert response.status_code == 400
    assert "\n" not in response.json()["error"]


@pytest.mark.parametrize("header", ["-1", "x", "99999999999999", "1e3", "٣"])
def test_a_bad_length_of_the_json_gets_400(application, header):
    headers = {"inference-header-content-length": header.encode()}
    assert post(application, V2, {"inputs": [words("as_of", "latest")]}, headers=headers).status_code == 400


def test_other_models_versions_methods_and_paths_are_told_apart(application, bundle):
    question = {"instances": [{"as_of": "latest"}]}
    assert post(application, "/v1/models/other:predict", question).status_code == 404
    assert post(application, "/v2/models/other/infer", question).status_code == 404
    assert get(application, V1).status_code == 405
    assert post(application, "/v2/health/live", question).status_code == 405
    assert get(application, "/nowhere").status_code == 404
    asked = {"inputs": [words("as_of", "latest")]}
    of = f"/v2/models/{NAME}/versions/{{}}/infer"
    assert post(application, of.format(bundle.meta["model_version"]), asked).status_code == 200
    assert post(application, of.format("another"), asked).status_code == 404


def test_every_outcome_is_counted(tmp_path, bundle):
    made = Application(tmp_path, max_body_bytes=1000)
    question = {"instances": [{"as_of": "latest"}]}
    post(made, V1, question)
    made.serve(bundle)
    post(made, V1, question)
    post(made, V1, {"instances": [{"as_of": "now"}]})
    post(made, V1, b"{")
    post(made, V1, b"x" * 2000)
    post(made, V2, {"inputs": [words("as_of", "latest")]}, headers={"x-bundle-version": "unknown"})
    post(made, "/v1/models/other:predict", question)
    get(made, V1)
    assert made.telemetry.requests == {
        ("v1", "not_ready"): 1,
        ("v1", "answered"): 1,
        ("v1", "invalid"): 1,
        ("v1", "malformed"): 1,
        ("v1", "too_large"): 1,
        ("v2", "not_allowed"): 1,
        ("v1", "unknown_model"): 1,
        ("v1", "not_allowed"): 1,
    }
    assert made.telemetry.regimes == {bundle.expected["label"]: 1}
    assert made.telemetry.described == [NAME]


def test_a_fault_is_a_500_without_its_text(tmp_path, bundle, monkeypatch):
    made = Application(tmp_path)
    made.serve(bundle)
    monkeypatch.setattr(made.models.current(), "answer", lambda *_: 1 / 0)
    response = post(made, V1, {"instances": [{"as_of": "latest"}]})
    assert response.status_code == 500
    assert "division" not in response.text
    assert made.telemetry.requests == {("v1", "failed"): 1}


def test_readiness_says_whether_predictions_are_answered(tmp_path, bundle):
    made = Application(tmp_path)
    paths = ("/v2/health/ready", f"/v2/models/{NAME}/ready", f"/v1/models/{NAME}")
    assert {get(made, path).status_code for path in paths} == {503}
    assert get(made, f"/v2/models/{NAME}").status_code == 503
    assert get(made, "/v2/health/live").json() == {"live": True}
    assert post(made, V1, {"instances": [{"as_of": "latest"}]}).status_code == 503
    made.serve(bundle)
    assert {get(made, path).json()["ready"] for path in paths} == {True}
    made.assembly.end()
    assert {get(made, path).status_code for path in paths} == {503}


def test_a_server_is_ready_once_one_of_its_models_is_and_each_tells_of_itself(tmp_path, bundle):
    made, stores = Application(tmp_path), (BundleStore(tmp_path / "us"), BundleStore(tmp_path / "br"))
    models = {name: ServedModels(store, Answering) for name, store in zip((NAME, f"{NAME}-br"), stores, strict=True)}
    made.assembly = assemble(made.settings, models, made.telemetry, lambda: TODAY)
    service = InferenceService(made.assembly.inferences, made.assembly.controls)

    def ready() -> list[bool]:
        paths = ("/v2/health/ready", *(f"/v2/models/{name}/ready" for name in models))
        grpc = [service.ServerReady(None, None)]
        grpc += [service.ModelReady(SimpleNamespace(name=name), None) for name in models]
        over_rest = [get(made, path).status_code == 200 for path in paths]
        assert [asyncio.run(each).ready for each in grpc] == over_rest
        return over_rest

    assert ready() == [False, False, False]
    models[f"{NAME}-br"].commit(stores[1].put(bundle))
    assert ready() == [True, False, True]
    models[NAME].commit(stores[0].put(bundle))
    assert ready() == [True, True, True]
    made.assembly.end()
    assert ready() == [False, False, False]


def manage(application, version, act, **options):
    return post(application, f"/v2/repository/models/{NAME}/versions/{version}/{act}", b"", **options)


def test_management_needs_the_token_and_changes_nothing_without(application, bundle):
    other = application.store.put(replace(bundle, history=()))
    before = application.store.committed()
    for act in ("prepare", "commit"):
        for headers in ({}, {"authorization": "Bearer guess"}, {"authorization": "Basic é"}):
            named = {name: value.encode() for name, value in headers.items()}
            assert manage(application, other, act, headers=named).status_code == 403
    for act in ("load", "unload"):
        assert post(application, f"/v2/repository/models/{NAME}/{act}", b"").status_code == 404
    assert application.store.committed() == before


def test_a_candidate_answers_only_who_names_it_and_holds_the_token(tmp_path, bundle):
    made = Application(tmp_path)
    served, candidate = made.serve(replace(bundle, history=HISTORY)), made.store.put(bundle)
    assert manage(made, candidate, "prepare", headers=made.token).status_code == 200
    question, named = {"instances": [{"as_of": "latest"}]}, {"x-bundle-version": candidate}
    assert post(made, V1, question).headers["x-bundle-version"] == served
    assert post(made, V1, question, headers=named).status_code == 403
    assert post(made, V1, question, headers=named | made.token).headers["x-bundle-version"] == candidate
    assert post(made, V1, question).headers["x-bundle-version"] == served
    assert manage(made, candidate, "commit", headers=made.token).status_code == 200
    assert post(made, V1, question).headers["x-bundle-version"] == candidate


@pytest.mark.parametrize("version", ["..%2f..%2fx", "missing-2008-01-31-aaaaaaaaaaaa", "x" * 300, "%00"])
def test_a_version_that_is_not_there_is_refused(application, version):
    response = manage(application, version, "commit", headers=application.token)
    assert 400 <= response.status_code < 500


SPOILT = {
    "nothing expected": {"probabilities": {}},
    "one label missing": {"probabilities": {"Expansion": 1.0}},
    "another sum": {"probabilities": dict.fromkeys(["Expansion", "Peak", "Contraction", "Trough"], 0.5)},
    "other numbers": {"probabilities": dict.fromkeys(["Expansion", "Peak", "Contraction", "Trough"], 0.25)},
    "another label": {"label": "Contraction"},
    "no label": {"label": "Boom"},
    "another recession probability": {"recession_probability": 0.5},
    "no probabilities": {"probabilities": None},
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_a_bundle_that_does_not_answer_as_expected_never_serves(tmp_path, bundle, spoilt):
    made = Application(tmp_path)
    good = made.serve(bundle)
    bad = made.store.put(replace(bundle, expected={**bundle.expected, **spoilt}))
    with pytest.raises(MacroCycleError):
        made.models.commit(bad)
    assert manage(made, bad, "prepare", headers=made.token).status_code == 409
    assert made.models.current().version == good
    assert made.store.committed() == [good]


def test_a_damaged_bundle_falls_back_to_the_last_committed_one(tmp_path, bundle):
    made = Application(tmp_path)
    older, newer = made.serve(replace(bundle, history=HISTORY)), made.serve(bundle)
    (tmp_path / "serving" / "versions" / newer / "model.json").write_bytes(b"{}")
    again = Application(tmp_path)
    assert again.models.current().version == older
    again.serve(bundle)
    assert again.models.current().version == newer


def test_a_bundle_that_was_verified_elsewhere_is_taken_up_unless_it_fails(tmp_path, bundle):
    made = Application(tmp_path)
    version = take_up(made.settings, bundle)
    assert made.models.current().version == version
    with pytest.raises(MacroCycleError):
        take_up(made.settings, replace(bundle, expected={**bundle.expected, "probabilities": {}}))
    assert made.store.committed() == [version]


def test_what_is_withdrawn_answers_nobody_until_something_is_committed(tmp_path, bundle):
    made, question = Application(tmp_path), {"instances": [{"as_of": "latest"}]}
    version = made.serve(bundle)
    LocalDeployer(made.settings).withdraw()
    for application in (made, Application(tmp_path)):
        assert post(application, V1, question).status_code == 503
        assert get(application, "/v2/health/ready").status_code == 503
    assert LocalDeployer(made.settings).serving_version() is None
    made.models.commit(version)
    assert post(made, V1, question).status_code == 200


def test_a_damaged_pointer_does_not_end_what_serves(tmp_path, bundle):
    made = Application(tmp_path)
    made.serve(bundle)
    (tmp_path / "serving" / "committed.json").write_bytes(b"{")
    assert post(made, V1, {"instances": [{"as_of": "latest"}]}).status_code == 200


def test_several_processes_on_one_store_switch_together(tmp_path, bundle):
    one, other = Application(tmp_path), Application(tmp_path)
    for made in (bundle, replace(bundle, history=HISTORY)):
        version = one.serve(made)
        assert other.models.current().version == version


def test_a_disk_that_is_full_keeps_what_serves(tmp_path, bundle, monkeypatch):
    made = Application(tmp_path)
    good, other = made.serve(bundle), made.store.put(replace(bundle, history=HISTORY))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("macro_cycle.serving.bundle_store._write", full)
    assert manage(made, other, "commit", headers=made.token).status_code == 500
    assert (made.models.current().version, made.store.committed()) == (good, [good])


class Online:
    """The online store, with a panel's own newest month in it."""

    def __init__(self, bundle):
        self.newest = bundle.panel.iloc[-1]
        self.answers = True

    def __call__(self, economy):
        if not self.answers:
            raise MacroCycleError("connection refused")
        return OnlineFeatures(date(2007, 11, 1), date(2007, 12, 31), dict(self.newest))


def test_an_economy_is_answered_from_the_online_store(tmp_path, bundle):
    online = Online(bundle)
    made = Application(tmp_path, online)
    made.serve(bundle)
    answer = predicted(made, {"economy": "US"})
    assert answer["probabilities"] == pytest.approx(bundle.expected["probabilities"], abs=1e-12)
    assert (answer["reference_month"], answer["as_of"], answer["age_days"]) == ("2007-11", "2007-12-31", 20)
    online.newest = online.newest - 3
    assert predicted(made, {"economy": "US"})["probabilities"] != answer["probabilities"]
    assert inferred(made, words("economy", "US"))["reference_month"] == ["2007-11"]
    online.answers = False
    response = post(made, V1, {"instances": [{"economy": "US"}]})
    assert response.status_code == 503
    assert "the online store does not answer: connection refused" in response.json()["error"]


def test_without_an_online_store_an_economy_is_a_503(application):
    assert post(application, V1, {"instances": [{"economy": "US"}]}).status_code == 503


def kserve_application(application):
    """KServe's own REST application with the predictor in it."""
    import sys

    argv, sys.argv = sys.argv, sys.argv[:1]
    try:
        from fastapi import FastAPI
        from kserve import ModelRepository
        from kserve.errors import InvalidInput, invalid_input_handler
        from kserve.protocol.dataplane import DataPlane
        from kserve.protocol.rest.v1_endpoints import register_v1_endpoints
        from kserve.protocol.rest.v2_endpoints import register_v2_endpoints

        from macro_cycle.serving.predictor import RegimePredictor
    finally:
        sys.argv = argv
    repository = ModelRepository()
    repository.update(RegimePredictor(application.assembly.inferences[NAME]))
    app, plane = FastAPI(), DataPlane(repository)
    app.add_exception_handler(InvalidInput, invalid_input_handler)
    register_v1_endpoints(app, plane, None)
    register_v2_endpoints(app, plane, None)
    return app


async def ask_kserve(app, path, document):
    import httpx

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        return await client.post(path, json=document)


def without_nulls(document):
    """The document without the fields that KServe writes as null."""
    if isinstance(document, dict):
        return {name: without_nulls(value) for name, value in document.items() if value is not None}
    return [without_nulls(value) for value in document] if isinstance(document, list) else document


def test_kserve_s_own_server_gives_the_same_answers(application, bundle):
    app, sent = kserve_application(application), window(bundle)
    for path, document in (
        (V1, {"instances": [rows(sent), {"as_of": "latest"}, {"as_of": "2007-03"}]}),
        (V2, {"inputs": [panel(sent)], "id": "1"}),
        (V2, {"inputs": [words("as_of", "latest")], "id": "1"}),
    ):
        theirs, ours = asyncio.run(ask_kserve(app, path, document)), post(application, path, document)
        assert (theirs.status_code, ours.status_code) == (200, 200), theirs.text
        found, own = theirs.json(), ours.json()
        assert found["predictions"] == own["predictions"] if path == V1 else without_nulls(found) == own
    assert asyncio.run(ask_kserve(app, V1, {"instances": [{"as_of": "now"}]})).status_code == 400
