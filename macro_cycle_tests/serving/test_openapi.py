"""The OpenAPI document describes what the server does: no answer is outside it, and no request breaks it."""

import asyncio
from datetime import date

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from macro_cycle.serving.answering import OnlineFeatures
from macro_cycle_tests.serving.applications import Application

CHECKS = (not_a_server_error, response_schema_conformance, status_code_conformance)


@pytest.fixture(scope="module")
def api(tmp_path_factory, bundle):
    features = OnlineFeatures(date(2007, 11, 1), date(2007, 12, 31), dict(bundle.panel.iloc[-1]))
    made = Application(tmp_path_factory.mktemp("home"), lambda _: features)
    made.serve(bundle)
    return schemathesis.openapi.from_dict(asyncio.run(made.call("GET", "/openapi.json")).json()), made


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_and_no_answer_is_outside_the_document(api, mode, data):
    schema, application = api
    operations = [found.ok() for found in schema.get_all_operations()]
    operation = data.draw(st.sampled_from(operations))
    case = data.draw(operation.as_strategy(generation_mode=mode))
    case.validate_response(asyncio.run(answered(application, case)), checks=CHECKS)


async def answered(application, case):
    sent = case.as_transport_kwargs(base_url="http://testserver")
    options = {name: sent[name] for name in ("params", "json") if sent.get(name) is not None}
    if sent.get("data") is not None:
        options["content"] = sent["data"]
    headers = {str(name).encode(): str(value).encode() for name, value in (sent.get("headers") or {}).items()}
    path = sent["url"].removeprefix("http://testserver")
    return await application.call(sent["method"], path, headers=headers, **options)
