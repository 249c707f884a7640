"""Agents ask by the official client: tools that read, replies with what they rest on, errors of one line."""

import asyncio
import os
import sys

import pandas as pd
import pytest

pytest.importorskip("mcp")
from mcp import Client, StdioServerParameters

from macro_cycle.agents.server import server
from macro_cycle.queries.session import Session
from macro_cycle_tests.assets.graph import with_the_sample

DAY = "2008-08-31"
TOOLS = {"answer", "as_of", "replay", "news", "series", "forecast", "flip", "radar", "what_if"}


@pytest.fixture
def asks(platform):
    """Ask a bound session in this process."""
    with_the_sample(platform)
    served = server(Session(platform, pd.Timestamp(DAY)))

    def ask(*calls):
        async def talk():
            async with Client(served) as client:
                return await client.list_tools(), [await client.call_tool(name, arguments) for name, arguments in calls]

        return asyncio.run(talk())

    return ask


def test_the_tools_read_and_say_what_they_do(asks):
    listed, _ = asks()
    assert {tool.name for tool in listed.tools} == TOOLS
    for tool in listed.tools:
        assert tool.annotations.read_only_hint
        assert not tool.annotations.open_world_hint
        assert len(tool.description) > 60


def test_a_reply_is_structured_and_says_what_it_rests_on(asks):
    _, [answer, then] = asks(("answer", {}), ("as_of", {"day": "2008-07-31"}))
    assert answer.structured_content["about"]["as_of"] == DAY
    assert then.structured_content["about"]["as_of"] == "2008-07-31"
    assert 0 <= answer.structured_content["recession_probability"] <= 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("as_of", {"day": "2008-09-01"}), "after 2008-08-31"),
        (("as_of", {"day": "[bold]\n"}), "write a day as YYYY-MM-DD"),
        (("as_of", {}), "Field required"),
        (("series", {"series_id": 5}), "should be a valid string"),
        (("series", {"series_id": "NOSUCH"}), "has no series NOSUCH"),
        (("what_if", {"assumptions": ["PAYEMS=137000"]}), "means change by the catalogue"),
        (("nosuch", {}), "Unknown tool"),
    ],
)
def test_what_cannot_be_answered_is_one_line(asks, call, said):
    _, [reply] = asks(call)
    assert reply.is_error
    assert said in reply.content[0].text
    assert "\n" not in reply.content[0].text


@pytest.mark.slow
def test_a_bound_server_answers_over_standard_input_and_output(platform):
    with_the_sample(platform)
    program = ["-W", "ignore", "-c", "from macro_cycle.cli import main; main()", "mcp", "--as-of", DAY]
    started = StdioServerParameters(command=sys.executable, args=program, env=dict(os.environ))
    calls = [
        *((name, {}) for name in ("answer", "replay", "news", "forecast", "flip", "radar")),
        ("series", {"series_id": "UNRATE"}),
        ("what_if", {"assumptions": ["PAYEMS=-150", "UNRATE=6.1"], "month": "2008-08"}),
        ("answer", {}),
    ]

    async def talk():
        async with Client(started, read_timeout_seconds=120) as client:
            replies = [await client.call_tool(name, arguments) for name, arguments in calls]
            return replies, await client.call_tool("as_of", {"day": "2008-09-01"})

    replies, refused = asyncio.run(talk())
    assert [reply.is_error for reply in replies] == [False] * len(calls)
    assert {reply.structured_content["about"]["as_of"] for reply in replies} == {DAY}
    assert replies[0].structured_content == replies[-1].structured_content
    assert refused.is_error
