"""Elasticsearch's own clients, of three versions of its API, OpenSearch's, and rsyslog: what they send is found again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import elasticsearch
import elasticsearch.helpers
import elasticsearch7
import elasticsearch7.helpers
import opensearchpy
import opensearchpy.helpers
import pytest

from tests.http.serving import serving
from tools.conformance.elastic_served import routes

pytestmark = pytest.mark.anyio

RSYSLOGD = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")
OMELASTICSEARCH = Path("/usr/lib/x86_64-linux-gnu/rsyslog/omelasticsearch.so")

CLIENTS = [
    pytest.param(elasticsearch.Elasticsearch, elasticsearch.helpers, id="elasticsearch 9"),
    pytest.param(elasticsearch7.Elasticsearch, elasticsearch7.helpers, id="elasticsearch 7"),
    pytest.param(opensearchpy.OpenSearch, opensearchpy.helpers, id="OpenSearch"),
]

TIME = "2026-01-01T00:00:{:02}.000Z"


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[str]:
    """Where Elasticsearch's paths are answered."""
    async with routes(tmp_path_factory.mktemp("store")) as found, serving(found) as server:
        yield server.url


def documents(index: str) -> list[dict[str, Any]]:
    """Return actions of documents, as the clients' helpers want them."""
    return [
        {
            "_index": index,
            "_op_type": "create",
            "@timestamp": TIME.format(number),
            "message": f"order {number} took {number * 10} ms",
            "log": {"level": "error" if number == 3 else "info"},
            "service": {"name": "shop"},
            "duration": number * 10,
            "tags": ["a", "b"] if number % 2 else [],
        }
        for number in range(5)
    ]


@pytest.mark.parametrize(("client", "helpers"), CLIENTS)
async def test_what_a_client_sends_in_bulk_it_finds(url: str, client: Callable[..., Any], helpers: Any) -> None:
    """A client of any version speaks to us, sends documents, and finds them by the queries of its helpers."""

    def talk() -> None:
        index = f"logs-{client.__module__.partition('.')[0]}"
        with client([url]) as speaking:
            assert speaking.info()["tagline"] == "You Know, for Search"
            assert helpers.bulk(speaking, documents(index)) == (5, [])
            search = partial(speaking.search, index=index)
            if client is not opensearchpy.OpenSearch:
                found = search(query={"match": {"message": "order 3"}}, sort=[{"@timestamp": "desc"}])
            else:
                body = {"query": {"match": {"message": "order 3"}}, "sort": [{"@timestamp": "desc"}]}
                found = search(body=body)
            assert found["hits"]["total"]["value"] == 5
            whole = sorted((hit["_source"] for hit in helpers.scan(speaking, index=index, size=2)), key=str)
            sent = [{name: one[name] for name in one if not name.startswith("_")} for one in documents(index)]
            assert whole == sorted(sent, key=str)
            assert speaking.count(index=index)["count"] == 5
            speaking.indices.delete(index=index)
            assert not speaking.indices.exists(index=index)

    await asyncio.to_thread(talk)


@pytest.mark.parametrize(("client", "helpers"), CLIENTS)
async def test_a_client_is_told_of_each_document_that_is_refused(
    url: str, client: Callable[..., Any], helpers: Any
) -> None:
    """What cannot be kept is told by its place, and the others are kept."""

    def talk() -> None:
        index = f"refused-{client.__module__.partition('.')[0]}"
        actions = [
            {"_index": index, "_op_type": "create", "message": "good"},
            {"_index": index, "_op_type": "create", "@timestamp": "soon", "message": "bad"},
            {"_index": index, "_op_type": "delete", "_id": "1"},
        ]
        with client([url]) as speaking:
            kept, errors = helpers.bulk(speaking, actions, raise_on_error=False)
            assert kept == 1
            assert [next(iter(one.values()))["status"] for one in errors] == [400, 400]
            assert speaking.count(index=index)["count"] == 1

    await asyncio.to_thread(talk)


@pytest.mark.skipif(
    RSYSLOGD is None or not OMELASTICSEARCH.exists(), reason="rsyslog or its module omelasticsearch is not installed"
)
async def test_rsyslog_sends_its_messages(url: str, tmp_path: Path) -> None:
    """Messages that rsyslog is sent come through its module omelasticsearch."""
    assert RSYSLOGD is not None
    host, port = url.removeprefix("http://").split(":")
    (tmp_path / "spool").mkdir()
    (tmp_path / "lines.log").write_text("first\n" + "".join(f'line {number} "quoted" é\n' for number in range(20)))
    configuration = tmp_path / "rsyslog.conf"
    configuration.write_text(
        f"""
global(workDirectory="{tmp_path}/spool")
module(load="imfile" mode="polling" pollingInterval="1")
module(load="omelasticsearch")
input(type="imfile" File="{tmp_path}/lines.log" Tag="lines")
template(name="doc" type="list" option.json="on") {{
  constant(value="{{\\"@timestamp\\":\\"") property(name="timereported" dateFormat="rfc3339")
  constant(value="\\", \\"host\\":\\"") property(name="hostname")
  constant(value="\\", \\"severity\\":\\"") property(name="syslogseverity-text")
  constant(value="\\", \\"message\\":\\"") property(name="msg") constant(value="\\"}}")
}}
action(type="omelasticsearch" server="{host}" serverport="{port}" template="doc" searchIndex="syslog" bulkmode="on")
"""
    )
    arguments = ["-n", "-f", str(configuration), "-i", str(tmp_path / "pid")]
    process = await asyncio.create_subprocess_exec(RSYSLOGD, *arguments)
    try:

        def found() -> int:
            with elasticsearch.Elasticsearch([url]) as speaking:
                return int(speaking.count(index="syslog", ignore_unavailable=True)["count"])

        while await asyncio.to_thread(found) < 21:  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.1)
    finally:
        process.terminate()
        await process.wait()
