"""Messages of syslog: what the standards say, and what devices and libraries really send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.wire.logs.book import LogBook
from firstlight.wire.shippers.gathering import Gathering
from firstlight.wire.shippers.lines import Line
from firstlight.wire.syslog.message import message_record
from tests.wire.shippers.gathered import NOW, told_record


def read(message: str | bytes, *, now: int = NOW, zone: str = "UTC", peer: str = "") -> dict[str, Any]:
    raw = message if isinstance(message, bytes) else message.encode()
    return told_record(message_record(Line(raw), now, ZoneInfo(zone), Gathering(LogBook()), peer))


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000) * 1000 if text else 0


STRICT = [
    # what                         message                                                                            host        service   body              time
    ("all there",                  "<165>1 2026-08-24T05:14:15.000003-07:00 web-1 app 8710 ID47 - hello",             "web-1",    "app",    "hello",          "2026-08-24T12:14:15.000003"),
    ("nothing there",              "<14>1 - - - - - -",                                                               None,       None,     "",               ""),
    ("no message",                 "<14>1 2026-08-24T05:14:15Z web-1 app - - -",                                      "web-1",    "app",    "",               "2026-08-24T05:14:15"),
    ("a byte order mark",          "<14>1 2026-08-24T05:14:15Z h a - - - \ufeffgrüße",                                "h",        "a",      "grüße",          "2026-08-24T05:14:15"),
    ("structured data, no text",   '<14>1 2026-08-24T05:14:15Z h a - - [x@1 a="b"]',                                  "h",        "a",      "",               "2026-08-24T05:14:15"),
    ("blanks belong to the text",  "<14>1 2026-08-24T05:14:15Z h a - - -  two ",                                      "h",        "a",      " two ",          "2026-08-24T05:14:15"),
    ("line feeds within",          "<14>1 2026-08-24T05:14:15Z h a - - - one\ntwo\n",                                 "h",        "a",      "one\ntwo",       "2026-08-24T05:14:15"),
    ("malformed structured data",  '<14>1 2026-08-24T05:14:15Z h a - - [x a="b] text',                                "h",        "a",      '[x a="b] text',  "2026-08-24T05:14:15"),
    ("no structured data",         "<14>1 2026-08-24T05:14:15Z h a - - text",                                         "h",        "a",      "text",           "2026-08-24T05:14:15"),
    ("a NUL at the end",           b"<14>1 2026-08-24T05:14:15Z h a - - - text\0",                                    "h",        "a",      "text",           "2026-08-24T05:14:15"),
    ("an IPv6 host",               "<14>1 2026-08-24T05:14:15Z 2001:db8::1 a - - - text",                             "2001:db8::1", "a",   "text",           "2026-08-24T05:14:15"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "host", "service", "body", "time"), [row[1:] for row in STRICT], ids=[row[0] for row in STRICT]
)
def test_reads_rfc_5424(message: str, host: str | None, service: str | None, body: str, time: str) -> None:
    row = read(message)

    assert (row["resource"].get("host.name"), row["resource"].get("service.name")) == (host, service)
    assert (row["body"], row["ts"]) == (body, ns(time))


LOOSE = [
    # what                        message                                                                 host       service     procid   body                                   time
    ("as RFC 3164 has it",        "<34>Sep 11 22:14:15 mymachine su: 'su root' failed on /dev/pts/8",     "mymachine", "su",     None,    "'su root' failed on /dev/pts/8",      "2026-09-11T22:14:15"),
    ("a day of one digit",        "<34>Sep  1 22:14:15 host sshd[42]: ok",                                "host",    "sshd",     "42",    "ok",                                  "2026-09-01T22:14:15"),
    ("a number and no colon",     "<34>Sep  1 22:14:15 host sshd[42] ok",                                 "host",    "sshd",     "42",    "ok",                                  "2026-09-01T22:14:15"),
    ("no host",                   "<34>Sep  1 22:14:15 sshd[42]: ok",                                     None,      "sshd",     "42",    "ok",                                  "2026-09-01T22:14:15"),
    ("no host, no number",        "<34>Sep  1 22:14:15 cron: ok",                                         None,      "cron",     None,    "ok",                                  "2026-09-01T22:14:15"),
    ("no tag",                    "<34>Sep  1 22:14:15 host just a text",                                 "host",    None,       None,    "just a text",                         "2026-09-01T22:14:15"),
    ("a tag as a path",           "<34>Sep  1 22:14:15 host postfix/smtpd[7]: ok",                        "host",    "postfix/smtpd", "7", "ok",                                 "2026-09-01T22:14:15"),
    ("no time",                   "<11>myapp: boom",                                                      None,      "myapp",    None,    "boom",                                ""),
    ("only a text",               "<11>syslog udp\0",                                                     None,      None,       None,    "syslog udp",                          ""),
    ("no priority",               "Sep  1 22:14:15 host app: text",                                       "host",    "app",      None,    "text",                                "2026-09-01T22:14:15"),
    ("nothing known",             "just some text",                                                       None,      None,       None,    "just some text",                      ""),
    ("a year after the day",      "<34>Sep 11 2025 22:14:15 host app: text",                              "host",    "app",      None,    "text",                                "2025-09-11T22:14:15"),
    ("a year after the clock",    "<34>Sep 11 22:14:15 2025 host app: text",                              "host",    "app",      None,    "text",                                "2025-09-11T22:14:15"),
    ("a weekday",                 "<34>Fri Sep 11 22:14:15 2026 host app: text",                          "host",    "app",      None,    "text",                                "2026-09-11T22:14:15"),
    ("a fraction",                "<34>Sep 11 22:14:15.123456 host app: text",                            "host",    "app",      None,    "text",                                "2026-09-11T22:14:15.123456"),
    ("a zone by name",            "<34>Sep 11 22:14:15 CEST host app: text",                              "host",    "app",      None,    "text",                                "2026-09-11T20:14:15"),
    ("a zone in hours",           "<34>Sep 11 22:14:15 +0530 host app: text",                             "host",    "app",      None,    "text",                                "2026-09-11T16:44:15"),
    ("a host like a zone",        "<34>Sep 11 22:14:15 MAIL app: text",                                   "MAIL",    "app",      None,    "text",                                "2026-09-11T22:14:15"),
    ("ISO 8601",                  "<34>2026-09-11T22:14:15.003+02:00 host app[1]: text",                  "host",    "app",      "1",     "text",                                "2026-09-11T20:14:15.003"),
    ("ISO 8601 with a blank",     "<34>2026-09-11 22:14:15,003 host app[1]: text",                        "host",    "app",      "1",     "text",                                "2026-09-11T22:14:15.003"),
    ("slashes",                   "<34>2026/09/11 22:14:15 host app: text",                               "host",    "app",      None,    "text",                                "2026-09-11T22:14:15"),
    ("seconds since 1970",        "<134>1 1789164855.25 ap-1 flows src=1",                                "ap-1",    None,       None,    "flows src=1",                         "2026-09-11T22:14:15.25"),
    ("a version, another time",   "<34>1 Sep 11 22:14:15 host app: text",                                 None,      None,       None,    "1 Sep 11 22:14:15 host app: text",    ""),
    ("Cisco IOS",                 "<189>45: router-1: *Sep 11 22:14:15.123 UTC: %LINK-3-UPDOWN: Gi0/1 up", "router-1", None,     None,    "%LINK-3-UPDOWN: Gi0/1 up",            "2026-09-11T22:14:15.123"),
    ("Cisco IOS, no host",        "<189>45: *Sep 11 22:14:15: %SYS-5-CONFIG_I: by vty0",                  None,      None,       None,    "%SYS-5-CONFIG_I: by vty0",            "2026-09-11T22:14:15"),
    ("Cisco NX-OS",               "<189>: 2026 Sep 11 22:14:15 UTC: %ETHPORT-5-IF_UP: up",                None,      None,       None,    "%ETHPORT-5-IF_UP: up",                "2026-09-11T22:14:15"),
    ("Cisco ASA",                 "<166>Sep 11 2026 22:14:15 fw-1 : %ASA-6-302013: Built",                "fw-1",    None,       None,    "%ASA-6-302013: Built",                "2026-09-11T22:14:15"),
    ("CEF has colons",            "<34>Sep 11 22:14:15 fw CEF:0|v|p|1|2|n|3|",                            "fw",      None,       None,    "CEF:0|v|p|1|2|n|3|",                  "2026-09-11T22:14:15"),
    ("no such day",               "<34>Feb 30 22:14:15 host app: text",                                   None,      None,       None,    "Feb 30 22:14:15 host app: text",      ""),
    ("a priority too high",       "<999>text",                                                            None,      None,       None,    "<999>text",                           ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "host", "service", "procid", "body", "time"), [row[1:] for row in LOOSE], ids=[row[0] for row in LOOSE]
)
def test_reads_what_devices_send(
    message: str, host: str | None, service: str | None, procid: str | None, body: str, time: str
) -> None:
    row = read(message)

    assert (row["resource"].get("host.name"), row["resource"].get("service.name")) == (host, service)
    assert (row["attributes"].get("syslog.procid"), row["body"], row["ts"]) == (procid, body, ns(time))


PRIORITIES = [
    # priority, severity, word,    facility
    (0,         21,       "emerg",   "kern"),
    (33,        19,       "alert",   "auth"),
    (10,        18,       "crit",    "user"),
    (187,       17,       "err",     "local7"),
    (12,        13,       "warning", "user"),
    (13,        10,       "notice",  "user"),
    (86,        9,        "info",    "authpriv"),
    (31,        5,        "debug",   "daemon"),
]  # fmt: skip


@pytest.mark.parametrize(("priority", "severity", "word", "facility"), PRIORITIES)
def test_maps_priorities(priority: int, severity: int, word: str, facility: str) -> None:
    row = read(f"<{priority}>text")

    assert (row["severity"], row["word"], row["attributes"]) == (severity, word, {"syslog.facility": facility})


def test_says_nothing_of_a_severity_that_is_not_told() -> None:
    row = read("text")

    assert (row["severity"], row["word"], row["attributes"]) == (0, "", {})


STRUCTURED = [
    # what                    data                                     attributes
    ("one",                   '[a@1 x="1"]',                           {"a@1.x": "1"}),
    ("two",                   '[a@1 x="1" y="2"][b z="3"]',            {"a@1.x": "1", "a@1.y": "2", "b.z": "3"}),
    ("escapes",               r'[a x="\"q\" \] \\ \n"]',               {"a.x": r'"q" ] \ \n'}),
    ("an empty element",      "[a]",                                   {"a": ""}),
    ("a name twice",          '[o ip="1" ip="2"]',                     {"o.ip": "1,2"}),
    ("an empty value",        '[a x=""]',                              {"a.x": ""}),
    ("a value over lines",    '[a x="1\n2"]',                          {"a.x": "1\n2"}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), [row[1:] for row in STRUCTURED], ids=[row[0] for row in STRUCTURED])
def test_keeps_structured_data(data: str, wanted: dict[str, str]) -> None:
    row = read(f"<14>1 - h a 7 ID {data} text")

    assert row["attributes"] == {
        "syslog.facility": "user", "syslog.procid": "7", "syslog.msgid": "ID",
        **{f"syslog.{name}": value for name, value in wanted.items()},
    }  # fmt: skip
    assert row["body"] == "text"


YEARS = [
    # what                           now                    time written        year
    ("last year, seen in January",   "2027-01-01T00:00:10", "Dec 31 23:59:59",  2026),
    ("next year, seen in December",  "2026-12-31T23:59:50", "Jan  1 00:00:05",  2027),
    ("this year",                    "2026-06-01T00:00:00", "May 31 23:59:59",  2026),
    ("a leap day, a year later",     "2025-01-10T00:00:00", "Feb 29 12:00:00",  2024),
]  # fmt: skip


@pytest.mark.parametrize(("now", "written", "year"), [row[1:] for row in YEARS], ids=[row[0] for row in YEARS])
def test_takes_the_year_that_is_nearest(now: str, written: str, year: int) -> None:
    row = read(f"<34>{written} host app: text", now=ns(now))

    assert datetime.fromtimestamp(row["ts"] / 1e9, UTC).year == year


ZONES = [
    # what                zone             written             time
    ("summer",            "Europe/Berlin", "Jul  1 12:00:00",  "2026-07-01T10:00:00"),
    ("winter",            "Europe/Berlin", "Dec  1 12:00:00",  "2026-12-01T11:00:00"),
    ("a zone is written", "Europe/Berlin", "Jul  1 12:00:00Z", "2026-07-01T12:00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "written", "wanted"), [row[1:] for row in ZONES], ids=[row[0] for row in ZONES])
def test_reads_times_where_they_are_from(zone: str, written: str, wanted: str) -> None:
    assert read(f"<34>{written} host app: text", zone=zone)["ts"] == ns(wanted)


def test_names_the_sender_where_the_message_names_no_host() -> None:
    assert read("<11>text", peer="192.0.2.7")["resource"] == {"host.name": "192.0.2.7"}
    assert read("<11>Sep  1 22:14:15 h a: text", peer="192.0.2.7")["resource"]["host.name"] == "h"


@pytest.mark.parametrize("empty", [b"", b"\0", b" \r\n"])
def test_makes_nothing_of_nothing(empty: bytes) -> None:
    assert message_record(Line(empty), NOW, UTC, Gathering(LogBook())) is None


def test_keeps_garbage_and_counts_it() -> None:
    gathering = Gathering(LogBook())
    record = message_record(Line(b"<34>Sep  1 22:14:15 h a: \xff\xfe\x80"), NOW, UTC, gathering)
    assert record is not None
    gathering.add(record)
    gathered = gathering.drain("default", NOW)

    assert record.body == "\ufffd\ufffd\ufffd"
    assert gathered.altered == {"not UTF-8": 1}


PARTS = st.sampled_from(
    [
        "<34>",
        "<",
        "1 ",
        "- ",
        "Sep  1 22:14:15 ",
        "2026-09-11T22:14:15Z ",
        "h ",
        "a[1]: ",
        "[x ",
        'y="',
        '"]',
        "\\",
        ": ",
        "*",
        "%A-1-B: ",
        "\n",
    ]
)


@given(st.lists(st.one_of(PARTS, st.text(max_size=5)), max_size=12).map("".join))
def test_takes_any_text_and_loses_no_word_of_it(text: str) -> None:
    record = message_record(Line(text.encode(errors="replace")), NOW, UTC, Gathering(LogBook()))

    assert (record is None) == (not text.strip().strip("\r\n\0").strip())
    assert record is None or record.body in text.replace("\ufeff", "") or record.body in text
