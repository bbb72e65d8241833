"""What lines are recognised as, and what is found in them: P1, A5, R2, R4, L1, L4."""

from __future__ import annotations

import numpy as np
import pytest

from firstlight.ingest.process.found import Names
from firstlight.ingest.process.recognise import Recogniser
from firstlight.ingest.process.trial import Trial
from tests.ingest.process.trying import NOW, settings_of, time_of, tried

DAY = "2026-11-21"
PLACE = "client=192.0.2.7"

LINES = [
    # what, the line, its format, level, time, and some of its fields
    ("json", '{"ts":"2026-11-21T05:00:13Z","level":"warn","msg":"low","n":{"a":1,"b":[1,"x"]},"ok":true,"no":null}',
     "json", "warn", "05:00:13", "msg=low n.a=1 n.b=[1,\"x\"] ok=true no="),
    ("json with blanks at the end", '{"level":"info"} \t', "json", "info", "", "level=info"),
    ("json that is cut short", '{"level":"info","msg":"it', "plain", "info", "", ""),
    ("json of Python's writer", '{"level": "info", "ratio": NaN}', "json", "info", "", "ratio=nan"),
    ("json in a list", '[{"a":"b"}]', "plain", "", "", ""),
    ("ecs", '{"@timestamp":"2026-11-21T05:00:13.363Z","log.level":"error","message":"m","log":{"logger":"a.b"}}',
     "json", "error", "05:00:13.363", "message=m log.logger=a.b"),
    ("loguru's json", '{"text":"x","record":{"level":{"name":"INFO","no":20},"time":{"timestamp":1795237213.5}}}',
     "json", "info", "05:00:13.500", "record.level.no=20"),
    ("bunyan or pino", '{"level":50,"time":1795237213123,"pid":7,"msg":"m"}', "json", "error", "05:00:13.123", "pid=7"),
    ("zap", '{"level":"dpanic","ts":1795237213.25,"logger":"x","caller":"a.go:1","msg":"m"}',
     "json", "error", "05:00:13.250", "caller=a.go:1"),
    ("mongodb", '{"t":{"$date":"2026-11-21T05:00:13.001+00:00"},"s":"W","c":"NETWORK","id":1,"ctx":"c1","msg":"m"}',
     "json", "warn", "05:00:13.001", "c=NETWORK t.$date=2026-11-21T05:00:13.001+00:00"),
    ("postgresql's json", '{"timestamp":"2026-11-21 05:00:13.001 UTC","error_severity":"FATAL","message":"m"}',
     "json", "fatal", "05:00:13.001", "error_severity=FATAL"),
    ("logfmt", 'ts=2026-11-21T05:00:13.1Z level=debug msg="a b" n=1 e= path=/a?b=c', "logfmt", "debug", "05:00:13.100",
     'msg="a b" n=1 e= path=/a?b=c'),
    ("logfmt with escapes", r'level=info msg="say \"hi\"\n" x=1', "logfmt", "info", "", 'x=1 msg="say "hi"\n"'),
    ("logrus", 'time="2026-11-21T05:00:13Z" level=error msg="it broke" error="no \'x\'"', "logfmt", "error",
     "05:00:13", "error=\"no 'x'\""),
    ("one pair is no logfmt", "a=b and nothing else", "plain", "", "", ""),
    ("nginx, combined", '192.0.2.7 - bob [21/Nov/2026:05:00:13 +0000] "GET /a?b=1 HTTP/1.1" 200 12 "-" "curl/8.1"',
     "access", "", "05:00:13", f"{PLACE} user=bob method=GET path=/a?b=1 protocol=HTTP/1.1 status=200 bytes=12"),
    ("apache, common", '192.0.2.7 - - [21/Nov/2026:07:00:13 +0200] "POST /a HTTP/1.0" 404 -', "access", "", "05:00:13",
     f"{PLACE} method=POST status=404"),
    ("apache with a virtual host", 'a.test:80 192.0.2.7 - - [21/Nov/2026:05:00:13 +0000] "GET / HTTP/1.1" 200 1 "-" "x"',
     "access of any kind", "", "05:00:13", f"virtual_host=a.test:80 {PLACE}"),
    ("no request at all", r'192.0.2.7 - - [21/Nov/2026:05:00:13 +0000] "\x16\x03" 400 150 "-" "-"', "access of any kind",
     "", "05:00:13", f"{PLACE} request=\\x16\\x03 status=400"),
    ("gunicorn, access", '127.0.0.1 - - [21/Nov/2026:05:00:13 +0000] "GET / HTTP/1.1" 200 5 "-" "x"', "access", "",
     "05:00:13", "status=200"),
    ("werkzeug", '127.0.0.1 - - [21/Nov/2026 05:00:13] "GET / HTTP/1.1" 200 -', "access", "", "05:00:13", "status=200"),
    ("traefik, access", ('192.0.2.7 - - [21/Nov/2026:05:00:13 +0000] "GET / HTTP/1.1" 200 5 "-" "x" 7 "r@docker" '
     '"http://10.0.0.1:80" 3ms'), "traefik access", "", "05:00:13", "router=r@docker duration=3ms"),
    ("nginx ingress", ('192.0.2.7 - - [21/Nov/2026:05:00:13 +0000] "GET / HTTP/1.1" 200 5 "-" "x" 120 0.003 [ns-svc-80] '
     "[] 10.0.0.1:80 5 0.002 200 0123abcd"), "nginx ingress", "", "05:00:13", "upstream=ns-svc-80 request_id=0123abcd"),
    ("envoy, access", ('[2026-11-21T05:00:13.123Z] "GET /a HTTP/2" 503 UF 0 91 7 - "192.0.2.7" "x" "id-1" "a.test" '
     '"10.0.0.1:80"'), "envoy access", "", "05:00:13.123", "response_flags=UF status=503 authority=a.test"),
    ("envoy", "[2026-11-21 05:00:13.123][12][warning][main] [source/server.cc:1] words", "envoy", "warn", "05:00:13.123",
     "logger=main caller=source/server.cc:1"),
    ("haproxy", ('192.0.2.7:333 [21/Nov/2026:05:00:13.655] web app/s1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 '
     '"GET /i HTTP/1.1"'), "haproxy http", "", "05:00:13.655", f"{PLACE} backend=app server=s1 status=200 path=/i"),
    ("uvicorn", "INFO:     Application startup complete.", "uvicorn", "info", "", 'message="Application startup complete."'),
    ("uvicorn, access", 'INFO:     127.0.0.1:5000 - "GET /a HTTP/1.1" 200 OK', "uvicorn access", "info", "",
     "client=127.0.0.1:5000 path=/a status=200"),
    ("gunicorn", "[2026-11-21 05:00:13 +0000] [7] [INFO] Booting worker with pid: 7", "gunicorn error", "info", "05:00:13",
     "pid=7"),
    ("nginx, error", ('2026/11/21 05:00:13 [error] 31#32: *5 open() "/x" failed (2: No such file), client: 192.0.2.7, '
     'server: a.test, request: "GET /x HTTP/1.1", host: "a.test"'), "nginx error", "error", "05:00:13",
     f"{PLACE} server=a.test connection=5 host=a.test"),
    ("apache, error", "[Sat Nov 21 05:00:13.123456 2026] [core:error] [pid 12:tid 34] [client 192.0.2.7:55] AH00126: Bad",
     "apache error", "error", "05:00:13.123456", "module=core code=AH00126 message=Bad"),
    ("postgresql", "2026-11-21 05:00:13.001 UTC [99] bob@shop ERROR:  relation \"x\" does not exist", "postgresql",
     "error", "05:00:13.001", "pid=99 user=bob database=shop"),
    ("postgresql, other prefix", "2026-11-21 05:00:13 CET [99]: [3-1] user=bob,db=shop,app=x LOG:  checkpoint starting",
     "postgresql", "info", "04:00:13", "pid=99 line=3"),
    ("postgresql of Amazon", "2026-11-21 05:00:13 UTC:192.0.2.7(55):bob@shop:[99]:FATAL:  too many", "postgresql rds",
     "fatal", "05:00:13", "user=bob database=shop"),
    ("postgresql, csv", ('2026-11-21 05:00:13.001 UTC,"bob","shop",99,"192.0.2.7:55",63a.1b,5,"SELECT",2026-11-21 04:00:00 '
     'UTC,3/4,0,ERROR,42P01,"no ""x""",,,,,,"select x",,,"psql"'), "postgresql csv", "error", "05:00:13.001",
     'user=bob code=42P01 message="no ""x"""'),
    ("redis", "1:M 21 Nov 2026 05:00:13.877 # WARNING overcommit", "redis", "warn", "05:00:13.877", "pid=1 role=M"),
    ("redis, a notice", "1:C 21 Nov 2026 05:00:13.877 * Ready", "redis", "info", "05:00:13.877", "message=Ready"),
    ("mysql", "2026-11-21T05:00:13.123456Z 0 [Warning] [MY-010068] [Server] CA is self signed", "mysql", "warn",
     "05:00:13.123456", "code=MY-010068 subsystem=Server"),
    ("mongodb of old", "2026-11-21T05:00:13.877+0000 E STORAGE  [conn1] words", "mongodb", "error", "05:00:13.877",
     "component=STORAGE context=conn1"),
    ("rabbitmq", "2026-11-21 05:00:13.123456+00:00 [warning] <0.222.0> words", "rabbitmq", "warn", "05:00:13.123456",
     "process=0.222.0"),
    ("kafka", "[2026-11-21 05:00:13,877] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)", "kafka", "info",
     "05:00:13.877", 'logger=kafka.server.KafkaServer message="[KafkaServer id=0] started"'),
    ("spring boot", "2026-11-21T05:00:13.877+01:00  WARN 77 --- [app] [  main] c.e.Shop  : Slow", "spring boot", "warn",
     "04:00:13.877", "pid=77 application=app thread=main logger=c.e.Shop message=Slow"),
    ("spring boot of old, with sleuth", ("2026-11-21 05:00:13.877 ERROR [shop,5b2c4f9e8d7a6b5c,1122334455667788] 77 --- "
     "[nio-1] c.e.Shop : Slow"), "spring boot", "error", "05:00:13.877", "service=shop"),
    ("logback", "2026-11-21 05:00:13.877 [main] DEBUG c.e.Shop - words", "logback", "debug", "05:00:13.877",
     "thread=main logger=c.e.Shop message=words"),
    ("logback without a date", "05:00:13.877 [main] INFO  c.e.Shop - words", "logback", "info", "", "thread=main"),
    ("log4j", "2026-11-21 05:00:13,877 FATAL [pool-1] c.e.Shop: words", "log4j", "fatal", "05:00:13.877", "thread=pool-1"),
    ("hadoop", "2026-11-21 05:00:13,877 INFO org.apache.hadoop.Node: words", "hadoop", "info", "05:00:13.877",
     "logger=org.apache.hadoop.Node"),
    ("trino", "2026-11-21T05:00:13.877Z\tINFO\tmain\tio.trino.Server\t=== STARTED ===", "trino", "info", "05:00:13.877",
     'logger=io.trino.Server message="=== STARTED ==="'),
    ("nessie, quarkus", "2026-11-21 05:00:13,877 WARN  [org.pro.Catalog] (executor-1) words", "quarkus", "warn",
     "05:00:13.877", "logger=org.pro.Catalog thread=executor-1"),
    ("spark", "26/11/21 05:00:13 INFO SparkContext: Running", "spark", "info", "05:00:13", "logger=SparkContext"),
    ("elasticsearch", "[2026-11-21T05:00:13,877][WARN ][o.e.n.Node   ] [n1] words", "elasticsearch", "warn",
     "05:00:13.877", "logger=o.e.n.Node node=n1"),
    ("zookeeper", "2026-11-21 05:00:13,877 [myid:1] - INFO  [main:Peer@1] - words", "zookeeper", "info", "05:00:13.877",
     "node=1"),
    ("tomcat", "21-Nov-2026 05:00:13.877 SEVERE [main] org.apache.catalina.Start.run words", "tomcat", "error",
     "05:00:13.877", "thread=main"),
    ("python, basicConfig", "WARNING:root:low", "python logging", "warn", "", "logger=root message=low"),
    ("python, usual", "2026-11-21 05:00:13,877 - shop.cart - ERROR - words - more", "python dashes", "error",
     "05:00:13.877", 'logger=shop.cart message="words - more"'),
    ("python, otherwise", "2026-11-21 05:00:13,877 [INFO] words", "time and level", "info", "05:00:13.877", "message=words"),
    ("opentelemetry's python", ("2026-11-21 05:00:13,877 INFO [a.b] [b.py:7] [trace_id=5b8aa5a2d2c872e8321cf37308d69df2 "
     "span_id=051581bf3cb55c13 resource.service.name=shop trace_sampled=True] - words"), "opentelemetry python", "info",
     "05:00:13.877", "line=7 service=shop"),
    ("dagster", "2026-11-21 05:00:13 +0000 - dagster.daemon - INFO - words", "python dashes", "info", "05:00:13",
     "logger=dagster.daemon"),
    ("dagster, an event", ("2026-11-21 05:00:13 +0000 - dagster - DEBUG - nightly - 8e2f6a7b-1234-5678-9abc-def012345678 - "
     "99 - load - STEP_START - Started step"), "dagster event", "debug", "05:00:13",
     "job=nightly step=load event_type=STEP_START"),
    ("celery", "[2026-11-21 05:00:13,877: ERROR/MainProcess] Task x failed", "celery", "error", "05:00:13.877",
     "process=MainProcess"),
    ("airflow", "[2026-11-21T05:00:13.877+0000] {taskinstance.py:1157} INFO - words", "airflow", "info", "05:00:13.877",
     "file=taskinstance.py line=1157"),
    ("structlog's console", "2026-11-21T05:00:13.877Z [warning  ] disk is full          [shop.disk] free=1 path='/a b'",
     "structlog console", "warn", "05:00:13.877", 'message="disk is full" logger=shop.disk free=1'),
    ("structlog's console, in colour", ("\x1b[2m2026-11-21 05:00:13\x1b[0m [\x1b[32m\x1b[1minfo     \x1b[0m] "
     "\x1b[1mhi\x1b[0m     \x1b[36mkey\x1b[0m=\x1b[35mv\x1b[0m"), "structlog console", "info", "05:00:13", "key=v"),
    ("loguru", "2026-11-21 05:00:13.877 | SUCCESS  | shop.cart:add:12 - words", "loguru", "info", "05:00:13.877",
     "function=add line=12"),
    ("klog", 'W1121 05:00:13.597069       1 kubelet.go:187] "Pod is gone" pod="ns/a" n=1', "klog", "warn",
     "05:00:13.597069", "caller=kubelet.go:187 pod=ns/a n=1"),
    ("vault", "2026-11-21T05:00:13.877Z [INFO]  expiration: revoked lease: lease_id=auth/a", "hclog", "info",
     "05:00:13.877", "logger=expiration lease_id=auth/a"),
    ("zap's console", '2026-11-21T05:00:13.877+0100\tERROR\tcart\tshop/cart.go:9\twords\t{"n": 1}', "zap console", "error",
     "04:00:13.877", "logger=cart caller=shop/cart.go:9 message=words"),
    ("zerolog's console", "2026-11-21T05:00:13Z WRN words n=1", "zerolog console", "warn", "05:00:13", "n=1"),
    ("go's log", "2026/11/21 05:00:13 main.go:7: listening", "go log", "", "05:00:13", "caller=main.go:7"),
    ("calico", "2026-11-21 05:00:13.123 [ERROR][67] felix/int_dataplane.go 1836: words", "calico", "error",
     "05:00:13.123", 'caller="felix/int_dataplane.go 1836"'),
    ("rust", "2026-11-21T05:00:13.877123Z  WARN shop::cart: words n=1", "rust tracing", "warn", "05:00:13.877123",
     "logger=shop::cart n=1"),
    ("ruby", "E, [2026-11-21T05:00:13.877 #9] ERROR -- : words", "ruby", "error", "05:00:13.877", "pid=9"),
    (".net", "warn: Shop.Cart[14]\n      words", "dotnet console", "warn", "", "logger=Shop.Cart event_id=14"),
    ("journald, short", "Nov 21 05:00:13 node1 sshd[77]: Accepted publickey for bob", "syslog", "", "05:00:13",
     "host=node1 program=sshd pid=77"),
    ("rsyslog's file", "2026-11-21T05:00:13.1+00:00 node1 cron[7]: (root) CMD", "syslog", "", "05:00:13.100",
     "program=cron"),
    ("a level and words", "[ERROR] it broke", "bracketed level", "error", "", 'message="it broke"'),
    ("a time and words", "2026-11-21T05:00:13Z it works", "time", "", "05:00:13", 'message="it works"'),
    ("a level somewhere", "job 7: ERROR while copying", "plain", "error", "", ""),
    ("an exception", "java.lang.IllegalStateException: no", "plain", "error", "", ""),
    ("a traceback", "Traceback (most recent call last):\n  File \"x\"", "plain", "error", "", ""),
    ("no level: a word among words", "there was no error in the information", "plain", "", "", ""),
    ("no level: a request", '192.0.2.7 - - [21/Nov/2026:05:00:13 +0000] "GET /ERROR: HTTP/1.1" 200 1 "-" "x"', "access", "",
     "05:00:13", "status=200"),
    ("nothing", "hello", "plain", "", "", ""),
    ("an empty line", "", "plain", "", "", ""),
    ("cri", "2026-11-21T05:00:13.123456789Z stderr F level=warn msg=hi", "logfmt", "warn", "05:00:13.123456789",
     "stream=stderr msg=hi"),
    ("cri, a part", "2026-11-21T05:00:13.123456789+01:00 stdout P half of", "plain", "", "04:00:13.123456789",
     "stream=stdout logtag=P"),
    ("docker's json", '{"log":"WARNING:root:low\\n","stream":"stderr","time":"2026-11-21T05:00:13.1Z"}', "python logging",
     "warn", "05:00:13.100", "stream=stderr message=low"),
    ("json that only looks like docker's", '{"log":"x","stream":"y","other":1}', "json", "", "", "log=x other=1"),
]  # fmt: skip

LEVELS = ("", "trace", "debug", "info", "warn", "error", "fatal")


@pytest.mark.parametrize(("line", "format_", "level", "time", "fields"), [row[1:] for row in LINES],
                         ids=[row[0] for row in LINES])  # fmt: skip
def test_recognises(line: str, format_: str, level: str, time: str, fields: str) -> None:
    (told,) = tried(line)

    assert told["format"] == format_
    assert LEVELS[(told["severity"] + 3) // 4] == level
    assert time_of(told) == (f"{DAY}T{time}" if time else "")
    shown = " ".join(
        f'{name}="{value}"' if " " in value else f"{name}={value}" for name, value in told["fields"].items()
    )
    assert [field for field in _fields(fields) if field not in shown] == []


def _fields(text: str) -> list[str]:
    """Return the pairs in a row of the table, as they are to be shown."""
    pairs: list[str] = []
    for word in text.split(" "):
        if pairs and pairs[-1].count('"') == 1 and "=" in pairs[-1]:
            pairs[-1] += f" {word}"
        else:
            pairs.append(word)
    return [pair for pair in pairs if pair]


@pytest.mark.parametrize("row", LINES, ids=[row[0] for row in LINES])
def test_body_stays_as_it_was_sent(row: tuple[str, ...]) -> None:
    (told,) = tried(row[1])

    assert told["body"] == row[1] or row[0].startswith(("cri", "docker's"))


def test_a_stream_remembers_its_formats_and_finds_new_ones() -> None:
    spring, access, klog = ("spring boot", "nginx, combined", "klog")
    lines = {row[0]: row[1] for row in LINES}
    trial = Trial(settings_of(""), None, {})

    for name in (spring, access, klog, access, spring, spring, klog):
        (told,) = trial.of([lines[name]], NOW)
        assert told["fields"] == tried(lines[name])[0]["fields"], name


def test_a_stream_of_plain_lines_is_asked_less_often_but_is_asked() -> None:
    recogniser = Recogniser()

    def formats(line: str) -> set[str]:
        _, found = recogniser.read([line], np.array([0]), np.array([7]), Names())
        return set(found)

    for _ in range(20):
        assert formats("words, and nothing that is known") == set()
    until = next(count for count in range(100) if formats("WARNING:root:low") == {"python logging"})

    assert 0 < until <= 64
    assert formats("WARNING:root:low") == {"python logging"}


def test_many_lines_of_many_kinds_keep_their_order() -> None:
    lines = [row[1] for row in LINES] * 3

    assert [told["line"] for told in tried(*lines)] == lines


ALIKE = [
    (
        "the same names",
        ["level=info a=1", "level=warn a=2"],
        [{"level": "info", "a": "1"}, {"level": "warn", "a": "2"}],
    ),
    ("other names as long", ["aa=1 b=2", "aa=3 c=4"], [{"aa": "1", "b": "2"}, {"aa": "3", "c": "4"}]),
    ("names cut otherwise", ["ab=1 c=2", "a=3 bc=4"], [{"ab": "1", "c": "2"}, {"a": "3", "bc": "4"}]),
    ("more names", ["a=1 b=2", "a=3 b=4 c=5"], [{"a": "1", "b": "2"}, {"a": "3", "b": "4", "c": "5"}]),
    ("a name twice", ["a=1 b=2 a=3", "a=1 b=2 a=3"], [{"b": "2", "a": "3"}] * 2),
    ("a long first name", [f"{'n' * 64}=1 b=2", f"{'n' * 65}=1 b=2"], [{"n" * 64: "1", "b": "2"}, {}]),
    ("json between", ["a=1 b=2", '{"c":3}', "a=4 b=5"], [{"a": "1", "b": "2"}, {"c": "3"}, {"a": "4", "b": "5"}]),
]


@pytest.mark.parametrize(("lines", "wanted"), [row[1:] for row in ALIKE], ids=[row[0] for row in ALIKE])
def test_lines_that_look_alike_keep_their_own_fields(lines: list[str], wanted: list[dict[str, str]]) -> None:
    """What is done once for lines of one shape is not done for lines that only look so."""
    assert [told["fields"] for told in tried(*lines)] == wanted
