"""The query language: which documents each query finds."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.elastic.corpus import INDEX

pytestmark = pytest.mark.anyio

FOUND = [
    # what                              query                                                           ids
    ("everything",                      {"match_all": {}},                                              "abcdef"),
    ("nothing",                         {"match_none": {}},                                             ""),
    ("a word",                          {"match": {"message": "Cart"}},                                 "ab"),
    ("one of two words",                {"match": {"message": "cart card"}},                            "abcd"),
    ("both words",                      {"match": {"message": {"query": "card money", "operator": "and"}}}, "c"),
    ("two words of three",              {"match": {"message": {"query": "card money ms", "minimum_should_match": 2}}}, "c"),
    ("all but one word",                {"match": {"message": {"query": "get took zz", "minimum_should_match": "-1"}}}, "ab"),
    ("a part of a word is none",        {"match": {"message": "car"}},                                  ""),
    ("a word spelled almost so",        {"match": {"message": {"query": "acepted", "fuzziness": "AUTO"}}}, "d"),
    ("a host name is one word",         {"match": {"message": "example.com"}},                          "b"),
    ("a phrase",                        {"match_phrase": {"message": "not enough"}},                    "c"),
    ("no phrase",                       {"match_phrase": {"message": "enough not"}},                    ""),
    ("a phrase with a gap",             {"match_phrase": {"message": {"query": "not money", "slop": 1}}}, "c"),
    ("a phrase that goes on",           {"match_phrase_prefix": {"message": "card acc"}},               "d"),
    ("words, the last begun",           {"match_bool_prefix": {"message": "zzz decl"}},                 "c"),
    ("several fields",                  {"multi_match": {"query": "ann", "fields": ["message", "user.*"]}}, "c"),
    ("a phrase in several fields",      {"multi_match": {"query": "ann lee", "type": "phrase", "fields": ["user.name^2"]}}, "c"),
    ("a term of a keyword",             {"term": {"service.name": "payments"}},                         "cd"),
    ("a term in other case",            {"term": {"service.name": "Payments"}},                         ""),
    ("a term in any case",              {"term": {"service.name": {"value": "Payments", "case_insensitive": True}}}, "cd"),
    ("a term of a text is a word",      {"term": {"user.name": "ann"}},                                 "c"),
    ("a term of a text is in lower case", {"term": {"user.name": "Ann"}},                               ""),
    ("a term of a whole text",          {"term": {"user.name.keyword": "Ann Lee"}},                     "c"),
    ("a number",                        {"term": {"status": 402}},                                      "c"),
    ("a number as a text",              {"term": {"status": "402"}},                                    "c"),
    ("a truth value",                   {"term": {"ok": False}},                                        "c"),
    ("one of an array",                 {"term": {"tags": "vip"}},                                      "c"),
    ("inside of objects of an array",   {"term": {"items.sku": "x2"}},                                  "e"),
    ("numbers of objects of an array",  {"range": {"items.count": {"gte": 5}}},                         "e"),
    ("several terms",                   {"terms": {"service.name": ["cart", "mail"]}},                  "abe"),
    ("several numbers",                 {"terms": {"status": [402, 404]}},                              "c"),
    ("a level",                         {"term": {"log.level": "error"}},                               "c"),
    ("a trace",                         {"term": {"trace.id": "0af7651916cd43dd8448eb211c80319c"}},     "f"),
    ("a host",                          {"term": {"host.name": "h1"}},                                  "e"),
    ("a name with dots",                {"term": {"labels.app.io/name": "web"}},                        "f"),
    ("an index",                        {"term": {"_index": INDEX}},                                    "abcdef"),
    ("another index",                   {"term": {"_index": "other"}},                                  ""),
    ("ids",                             {"ids": {"values": ["a", "f", "zz"]}},                          "af"),
    ("numbers between",                 {"range": {"duration": {"gt": 7.25, "lte": 90}}},               "ab"),
    ("numbers of integers",             {"range": {"status": {"gte": 201}}},                            "c"),
    ("times between",                   {"range": {"@timestamp": {"gte": "2026-01-01T00:00:10Z", "lt": "2026-01-01T00:00:30Z"}}}, "bc"),
    ("times in milliseconds",           {"range": {"@timestamp": {"gte": 1767225620000, "lte": 1767225630000, "format": "epoch_millis"}}}, "cd"),
    ("times up to a millisecond",       {"range": {"@timestamp": {"gt": "2026-01-01T00:10:00Z", "lte": "2026-01-01T01:00:00.123Z"}}}, "f"),
    ("a day",                           {"range": {"@timestamp": {"gte": "2026-01-01", "lte": "2026-01-01"}}}, "abcdef"),
    ("date math",                       {"range": {"@timestamp": {"gte": "2026-01-02||-1d/d", "lt": "2026-01-01T00:00:00Z||+1m"}}}, "abcde"),
    ("a zone",                          {"range": {"@timestamp": {"lt": "2026-01-01T02:00:00", "gte": "2026-01-01T01:30:00", "time_zone": "+01:00"}}}, "abcdef"[5:5]),
    ("times of an attribute",           {"range": {"at": {"lt": "2026-01-01"}}},                        "d"),
    ("texts between",                   {"range": {"service.name": {"gte": "m", "lt": "n"}}},           "e"),
    ("a field",                         {"exists": {"field": "duration"}},                              "abd"),
    ("an object",                       {"exists": {"field": "user"}},                                  "cd"),
    ("an array of objects",             {"exists": {"field": "items"}},                                 "e"),
    ("a field of null",                 {"exists": {"field": "note"}},                                  ""),
    ("a time",                          {"exists": {"field": "@timestamp"}},                            "abcdef"),
    ("no such field",                   {"exists": {"field": "nothing.here"}},                          ""),
    ("a prefix",                        {"prefix": {"service.name": "pay"}},                            "cd"),
    ("a prefix of a word",              {"prefix": {"message": {"value": "acc"}}},                      "d"),
    ("a wildcard",                      {"wildcard": {"service.name": "*a?t"}},                         "ab"),
    ("a wildcard of words",             {"wildcard": {"message": {"value": "dec*d"}}},                  "c"),
    ("a wildcard in any case",          {"wildcard": {"service.name": {"value": "CA*", "case_insensitive": True}}}, "ab"),
    ("a regular expression",            {"regexp": {"service.name": "ma(il|rk)"}},                      "e"),
    ("one is whole",                    {"regexp": {"service.name": "mai"}},                            ""),
    ("all of",                          {"bool": {"must": [{"match": {"message": "card"}}], "filter": {"term": {"status": 200}}}}, "d"),
    ("none of",                         {"bool": {"must_not": [{"exists": {"field": "status"}}]}},      "ef"),
    ("one of",                          {"bool": {"should": [{"term": {"status": 402}}, {"term": {"service.name": "mail"}}]}}, "ce"),
    ("what should be need not",         {"bool": {"must": {"match_all": {}}, "should": [{"term": {"status": 402}}]}}, "abcdef"),
    ("two of three",                    {"bool": {"should": [{"term": {"status": 200}}, {"match": {"message": "card"}}, {"term": {"user.id": 12}}], "minimum_should_match": 2}}, "d"),
    ("a constant score",                {"constant_score": {"filter": {"term": {"status": 402}}}},      "c"),
    ("the best of",                     {"dis_max": {"queries": [{"term": {"status": 402}}, {"term": {"status": 500}}]}}, "c"),
    ("a query string",                  {"query_string": {"query": "card AND NOT status:402"}},         "d"),
    ("an empty query string's all",     {"query_string": {"query": "*", "analyze_wildcard": True}},     "abcdef"),
    ("a simple query string",           {"simple_query_string": {"query": "card -declined", "default_operator": "and"}}, "d"),
    ("a simple phrase",                 {"simple_query_string": {"query": '"not enough" | retry', "fields": ["message"]}}, "ce"),
]  # fmt: skip

LUCENE = [
    # what                       query                                       ids
    ("a field",                  "service.name:cart",                        "ab"),
    ("any field",                "payments",                                 "cd"),
    ("a phrase",                 'message:"card declined"',                  "c"),
    ("a phrase with a gap",      'message:"not money"~1',                    "c"),
    ("and",                      "message:card AND status:200",              "d"),
    ("or",                       "status:402 OR service.name:mail",          "ce"),
    ("signs",                    "+message:card -status:402",                "d"),
    ("not",                      "NOT status:200",                           "cef"),
    ("other signs",              "message:card && !status:402",              "d"),
    ("two words are one of",     "message:(retry declined)",                 "ce"),
    ("a group",                  "(status:402 OR service.name:mail) AND log.level:warn", "e"),
    ("a group of a field",       "service.name:(cart OR mail)",              "abe"),
    ("a range",                  "status:[201 TO 500]",                      "c"),
    ("an open range",            "duration:{7.25 TO *]",                     "ab"),
    ("times",                    "@timestamp:[2026-01-01T00:00:10Z TO 2026-01-01T00:00:20Z]", "bc"),
    ("more than",                "duration:>12.5",                           "b"),
    ("at least",                 "duration:>=12.5",                          "ab"),
    ("less than",                "status:<300",                              "abd"),
    ("wildcards",                "service.name:pay*",                        "cd"),
    ("a wildcard within",        "message:dec?ined",                         "c"),
    ("a regular expression",     "service.name:/ma(il|rk)/",                 "e"),
    ("a field that is there",    "user.id:*",                                "cd"),
    ("_exists_",                 "_exists_:duration",                        "abd"),
    ("what is escaped",          r"path:\/a\/b",                             "f"),
    ("an address in quotes",     'message:"user@example.com"',               "b"),
    ("fuzzy",                    "message:acepted~1",                        "d"),
    ("boosts change nothing",    "message:card^3 AND status:402^0.5",        "c"),
    ("names of fields",          r"user.\*:bob",                             "d"),
    ("everything",               "*:*",                                      "abcdef"),
]  # fmt: skip

REFUSED = [
    # what                       body                                                  status  type                   in the reason
    ("a query nobody has",       {"query": {"matches": {}}},                           400, "parsing_exception",        "unknown query [matches]"),
    ("one that we have not",     {"query": {"nested": {"path": "a"}}},                 400, "parsing_exception",        "cannot answer [nested]"),
    ("two queries in one",       {"query": {"term": {"a": 1}, "match_all": {}}},       400, "parsing_exception",        "malformed query"),
    ("two fields in one",        {"query": {"term": {"a": 1, "b": 2}}},                400, "parsing_exception",        "multiple fields"),
    ("an unknown option",        {"query": {"match": {"a": {"query": "x", "near": 1}}}}, 400, "parsing_exception",      "does not support [near]"),
    ("a part of bool",           {"query": {"bool": {"may": []}}},                     400, "x_content_parse_exception", "unknown field [may]"),
    ("an unknown key",           {"quarry": {}},                                       400, "parsing_exception",        "Unknown key"),
    ("no time",                  {"query": {"range": {"@timestamp": {"gte": "soon"}}}}, 400, "parse_exception",         "failed to parse date field [soon]"),
    ("no number",                {"query": {"term": {"status": "high"}}},              400, "illegal_argument_exception", 'For input string: "high"'),
    ("a window too large",       {"from": 9_995, "size": 10},                          400, "illegal_argument_exception", "Result window is too large"),
    ("a phrase without an end",  {"query": {"query_string": {"query": 'a AND "b'}}},   400, "query_shard_exception",    "line 1, column 7"),
    ("a bracket without one",    {"query": {"query_string": {"query": "(a OR b"}}},    400, "query_shard_exception",    "( has no partner"),
    ("AND without a side",       {"query": {"query_string": {"query": "a AND"}}},      400, "query_shard_exception",    "AND joins nothing"),
    ("an aggregation",           {"aggs": {"x": {"geohash_grid": {"field": "a"}}}},    400, "parsing_exception",        "cannot answer [geohash_grid]"),
    ("one nobody has",           {"aggs": {"x": {"median": {"field": "a"}}}},          400, "parsing_exception",        "Unknown aggregation type [median]"),
    ("a script",                 {"aggs": {"x": {"avg": {"script": "1"}}}},            400, "parsing_exception",        "script"),
    ("a sort by a script",       {"sort": [{"_script": {}}]},                          400, "parsing_exception",        "_script"),
    ("collapse",                 {"collapse": {"field": "a"}},                         400, "parsing_exception",        "collapse"),
    ("too deep",                 {"query": None},                                      200, "",                         ""),
]  # fmt: skip


async def ids(client: httpx.AsyncClient, query: Any) -> str:
    """Return the ids of what a query finds, in the order of time."""
    body = {"query": query, "sort": [{"@timestamp": "asc"}], "size": 100, "_source": False}
    answer = await client.post(f"/{INDEX}/_search", json=body)
    found = answer.json()
    assert answer.status_code == 200, found
    assert found["hits"]["total"]["value"] == len(found["hits"]["hits"])
    return "".join(hit["_id"] for hit in found["hits"]["hits"])


@pytest.mark.parametrize(("query", "wanted"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
async def test_a_query_finds(client: httpx.AsyncClient, query: dict[str, Any], wanted: str) -> None:
    """What a query of the language in JSON finds."""
    assert await ids(client, query) == wanted


@pytest.mark.parametrize(("text", "wanted"), [row[1:] for row in LUCENE], ids=[row[0] for row in LUCENE])
async def test_a_query_string_finds(client: httpx.AsyncClient, text: str, wanted: str) -> None:
    """What a text in Lucene's syntax finds."""
    assert await ids(client, {"query_string": {"query": text}}) == wanted


@pytest.mark.parametrize(
    ("body", "status", "kind", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_what_cannot_be_answered_is_refused_by_its_name(
    client: httpx.AsyncClient, body: dict[str, Any], status: int, kind: str, reason: str
) -> None:
    """An error has Elasticsearch's form, and names what is wrong."""
    answer = await client.post(f"/{INDEX}/_search", json=body)
    assert answer.status_code == status, answer.text
    if kind:
        error = answer.json()["error"]
        assert error["type"] == kind
        assert error["root_cause"][0]["type"] == kind
        assert reason in error["reason"]
