"""--mcp: the same questions as tools of the Model Context Protocol; without it nothing is there."""

import asyncio
import importlib.util
import json

import httpx
import pytest

from explorer.errors import HostingRefused
from explorer.server.config import check_mcp
from explorer.ui.http_api import ENDPOINTS
from harness.server_process import running_app
from tests.support.guarded_app import API, plain
from tests.support.warm_start import run_warm

installed = importlib.util.find_spec("mcp") is not None
needs_mcp = pytest.mark.skipif(not installed, reason="the extra mcp is not installed")


@pytest.fixture(scope="module")
def served():
    with running_app("--device", "cpu", "--dtype", "float32", "--mcp") as url:
        yield url


async def asked(url, *calls):
    """The tools, and the answers to (name, arguments)."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with streamablehttp_client(f"{url}{API}/mcp") as (reads, writes, _), ClientSession(reads, writes) as session:
        await session.initialize()
        listed = (await session.list_tools()).tools
        return listed, [await session.call_tool(name, arguments) for name, arguments in calls]


@needs_mcp
def test_every_question_is_a_tool_with_described_parameters(served):
    good, refused = ("walk", {"count": 20, "seed": 1}), ("sampling", {"steps": 0})
    listed, (answer, failure) = asyncio.run(asked(served, good, refused))
    assert {tool.name for tool in listed} == {call.name for call in ENDPOINTS}  # a picture is not added by a tool
    for tool in listed:
        assert tool.description
        assert all(value.get("description") for value in tool.inputSchema["properties"].values())
    assert not answer.isError and "chance" in answer.content[0].text
    assert failure.isError and plain(failure.content[0].text)


@needs_mcp
def test_the_guard_stands_in_front_of_the_tools(served):
    url = f"{served}{API}/mcp"
    json_type = {"content-type": "application/json"}
    assert httpx.post(url, content="{}", headers={"content-type": "text/plain"}).status_code == 400
    assert httpx.post(url, content='{"x": NaN}', headers=json_type).status_code == 400
    assert httpx.post(url, content=json.dumps({"x": "y" * 70_000}), headers=json_type).status_code == 413
    for path in ("mcp", "mcp/schema", "mcp/sse", "mcp/http"):
        assert httpx.get(f"{served}{API}/{path}").status_code == 404


def test_without_the_option_there_are_no_tools(server):
    assert httpx.post(f"{server}{API}/mcp", json={}).status_code == 404


def test_where_tools_cannot_be_one_line_says_why(monkeypatch):
    assert not check_mcp(False, ("user", "password"))
    if installed:
        said = run_warm("app.py", "--mcp", "--auth", "somebody:hunter2")
        assert said.returncode == 2 and "--auth" in said.stderr and "hunter2" not in said.stderr
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(HostingRefused, match=r"'\.\[mcp\]'"):
        check_mcp(True, None)
