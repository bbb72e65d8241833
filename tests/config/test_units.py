"""Units: what is read, what is refused and in which words, and that what is shown can be read again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firstlight.config.units import (
    MAX_BYTES,
    MAX_DURATION,
    ListenAddress,
    byte_size,
    duration,
    percentage,
    show_byte_size,
    show_duration,
    show_percentage,
)

address = ListenAddress.parse

READ: list[tuple[str, Callable[[object], object], object, object]] = [
    # what                               read        value              means
    ("seconds",                          duration,   "15s",             15.0),
    ("several units",                    duration,   "1h30m",           5400.0),
    ("days",                             duration,   "7d",              604_800.0),
    ("weeks",                            duration,   "2w",              1_209_600.0),
    ("years",                            duration,   "1y",              31_536_000.0),
    ("milliseconds",                     duration,   "250ms",           0.25),
    ("minutes and milliseconds",         duration,   "1m1ms",           60.001),
    ("a fraction",                       duration,   "1.5h",            5400.0),
    ("no time",                          duration,   "0s",              0.0),
    ("seconds from code",                duration,   15,                15.0),
    ("1024 based",                       byte_size,  "64MiB",           64 * 1024**2),
    ("1000 based",                       byte_size,  "1GB",             10**9),
    ("small letters",                    byte_size,  "512kb",           512_000),
    ("with a space",                     byte_size,  "5 TiB",           5 * 1024**4),
    ("a fraction that is whole",         byte_size,  "1.5KiB",          1536),
    ("bytes",                            byte_size,  "4096",            4096),
    ("bytes that say so",                byte_size,  "7B",              7),
    ("bytes from code",                  byte_size,  4096,              4096),
    ("as much as can be",                byte_size,  str(MAX_BYTES),    MAX_BYTES),
    ("percent",                          percentage, "10%",             0.1),
    ("a fraction of a percent",          percentage, "0.5%",            0.005),
    ("a fraction",                       percentage, "0.1",             0.1),
    ("all",                              percentage, "100%",            1.0),
    ("all, as a fraction",               percentage, "1",               1.0),
    ("a fraction from code",             percentage, 0.1,               0.1),
    ("IPv4",                             address,    "127.0.0.1:4317",  ListenAddress("127.0.0.1", 4317)),
    ("IPv6",                             address,    "[::1]:4317",      ListenAddress("::1", 4317)),
    ("a name",                           address,    "localhost:0",     ListenAddress("localhost", 0)),
    ("every interface",                  address,    ":4317",           ListenAddress("", 4317)),
    ("one that is read already",         address,    ListenAddress("", 1), ListenAddress("", 1)),
]  # fmt: skip


@pytest.mark.parametrize(("read", "value", "means"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_reads(read: Callable[[object], object], value: object, means: object) -> None:
    """Text is read with its unit, a number from code as it is."""
    assert read(value) == means


A_DURATION = "want numbers with units, largest first, such as 250ms, 15s, 1h30m, 7d or 2w"
A_SIZE = "want a number and a unit, such as 512KB, 64MiB, 1GB or 4096"
AN_ADDRESS = "want host:port, [IPv6]:port or :port, such as 127.0.0.1:4317 or [::1]:4317"
A_HOST = "want a name, an IPv4 address or an IPv6 one in []"

REFUSED: list[tuple[str, Callable[[object], object], object, str]] = [
    # what                               read        value            complaint
    ("no unit",                          duration,   "15",            "cannot read '15' as a duration: it has no unit; write 15s for seconds"),
    ("an unknown unit",                  duration,   "5 minutes",     f"cannot read '5 minutes' as a duration; {A_DURATION}"),
    ("no duration",                      duration,   "",              f"cannot read '' as a duration; {A_DURATION}"),
    ("the smallest first",               duration,   "30m1h",         f"cannot read '30m1h' as a duration; {A_DURATION}"),
    ("a unit twice",                     duration,   "1h1h",          f"cannot read '1h1h' as a duration; {A_DURATION}"),
    ("less than no time",                duration,   "-5s",           f"cannot read '-5s' as a duration; {A_DURATION}"),
    ("less than no time, from code",     duration,   -5,              "cannot read -5 as a duration; want no less than 0s and no more than 105850d"),
    ("beyond nanoseconds",               duration,   "300y",          "cannot read '300y' as a duration; want no less than 0s and no more than 105850d"),
    ("forever",                          duration,   float("inf"),    "cannot read inf as a duration; want a number"),
    ("not a number",                     duration,   float("nan"),    "cannot read nan as a duration; want a number"),
    ("a truth as a duration",            duration,   True,            "cannot read True as a duration; want a number"),
    ("a prefix that may be either",      byte_size,  "64M",           "cannot read '64M' as a size in bytes; write 64MiB for 1024 based or 64MB for 1000 based"),
    ("a prefix in small letters",        byte_size,  "64k",           "cannot read '64k' as a size in bytes; write 64kiB for 1024 based or 64kB for 1000 based"),
    ("no number",                        byte_size,  "MiB",           f"cannot read 'MiB' as a size in bytes; {A_SIZE}"),
    ("an unknown prefix",                byte_size,  "1XB",           f"cannot read '1XB' as a size in bytes; {A_SIZE}"),
    ("half a byte",                      byte_size,  "0.5",           f"cannot read '0.5' as a size in bytes; want a whole number of bytes, no less than 0 and no more than {MAX_BYTES}"),
    ("half a byte from code",            byte_size,  0.5,             f"cannot read 0.5 as a size in bytes; want a whole number of bytes, no less than 0 and no more than {MAX_BYTES}"),
    ("more than 64 bits",                byte_size,  "9999999PB",     f"cannot read '9999999PB' as a size in bytes; want a whole number of bytes, no less than 0 and no more than {MAX_BYTES}"),
    ("a size below nothing",             byte_size,  "-1",            f"cannot read '-1' as a size in bytes; {A_SIZE}"),
    ("a list as a size",                 byte_size,  [],              "cannot read [] as a size in bytes; want a number"),
    ("percent or a fraction",            percentage, "10",            "cannot read '10' as a percentage: it is more than 1; write 10% if percent is meant"),
    ("more than all",                    percentage, "150%",          "cannot read '150%' as a percentage; want no less than 0% and no more than 100%"),
    ("more than all, from code",         percentage, 1.5,             "cannot read 1.5 as a percentage; want no less than 0% and no more than 100%"),
    ("a word as a percentage",           percentage, "half",          "cannot read 'half' as a percentage; want such as 10% or 0.1"),
    ("no host",                          address,    "4317",          "cannot read '4317' as an address to listen on: it has no host; write 127.0.0.1:4317, or :4317 for every interface"),
    ("no port",                          address,    "127.0.0.1",     f"cannot read '127.0.0.1' as an address to listen on; {AN_ADDRESS}"),
    ("an empty port",                    address,    "127.0.0.1:",    f"cannot read '127.0.0.1:' as an address to listen on; {AN_ADDRESS}"),
    ("a port beyond",                    address,    ":65536",        "cannot read ':65536' as an address to listen on: there is no port 65536; want one from 0 to 65535"),
    ("a port below",                     address,    ":-1",           f"cannot read ':-1' as an address to listen on; {AN_ADDRESS}"),
    ("IPv6 without brackets",            address,    "::1:4317",      f"cannot read '::1:4317' as an address to listen on; {AN_ADDRESS}"),
    ("brackets around something else",   address,    "[localhost]:1", f"cannot read '[localhost]:1' as an address to listen on: 'localhost' is no host; {A_HOST}"),
    ("half an IPv4 address",             address,    "127.1:1",       f"cannot read '127.1:1' as an address to listen on: '127.1' is no host; {A_HOST}"),
    ("no IPv4 address",                  address,    "256.0.0.1:1",   f"cannot read '256.0.0.1:1' as an address to listen on: '256.0.0.1' is no host; {A_HOST}"),
    ("a host with a space",              address,    "my host:1",     f"cannot read 'my host:1' as an address to listen on: 'my host' is no host; {A_HOST}"),
    ("a URL",                            address,    "http://x:1",    f"cannot read 'http://x:1' as an address to listen on; {AN_ADDRESS}"),
    ("a number as an address",           address,    4317,            f"cannot read 4317 as an address to listen on; {AN_ADDRESS}"),
]  # fmt: skip


@pytest.mark.parametrize(("read", "value", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses(read: Callable[[object], object], value: object, complaint: str) -> None:
    """What is not understood is refused, with what was found and what is wanted."""
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}$"):
        read(value)


@given(st.floats(0, MAX_DURATION))
@example(1e-9)
@example(0.1 + 0.2)
def test_a_duration_that_is_shown_can_be_read_again(seconds: float) -> None:
    """Showing loses nothing, as long as there are no more digits than one writes."""
    seconds = round(seconds, 9)

    assert duration(show_duration(seconds)) == seconds


@given(
    st.integers(0, MAX_BYTES) | st.builds(lambda count, power: count << power, st.integers(0, 1023), st.integers(0, 50))
)
def test_a_size_that_is_shown_can_be_read_again(size: int) -> None:
    """Showing loses no byte."""
    assert byte_size(show_byte_size(size)) == size


@given(st.floats(0, 1).map(lambda fraction: round(fraction, 12)))
@example(0.07)
def test_a_percentage_that_is_shown_can_be_read_again(fraction: float) -> None:
    """Showing loses nothing."""
    assert percentage(show_percentage(fraction)) == fraction


HOSTS = st.ip_addresses().map(str) | st.sampled_from(["", "localhost", "a.example", "my_host-1"])


@given(HOSTS, st.integers(0, 65_535))
def test_an_address_that_is_shown_can_be_read_again(host: str, port: int) -> None:
    """Showing loses nothing."""
    assert ListenAddress.parse(str(ListenAddress(host, port))) == ListenAddress(host, port)


@given(
    st.sampled_from([duration, byte_size, percentage, ListenAddress.parse]), st.text("0123456789.:[]%-+ eKMGiBmshdwy")
)
def test_any_text_is_read_or_refused(read: Callable[[object], object], text: str) -> None:
    """Nothing but `ValueError` comes out of bad text."""
    try:
        outcome = str(read(text))
    except ValueError as error:
        outcome = str(error)

    assert outcome


LOOPBACK = [
    # what                      host                loopback
    ("IPv4",                    "127.0.0.1",        True),
    ("another of its net",      "127.8.0.1",        True),
    ("IPv6",                    "::1",              True),
    ("IPv4 within IPv6",        "::ffff:127.0.0.1", True),
    ("by name",                 "LocalHost",        True),
    ("every interface",         "",                 False),
    ("every IPv4 interface",    "0.0.0.0",          False),
    ("every IPv6 interface",    "::",               False),
    ("a private net",           "192.168.1.1",      False),
    ("a name that looks so",    "127.example",      False),
]  # fmt: skip


@pytest.mark.parametrize(("host", "loopback"), [row[1:] for row in LOOPBACK], ids=[row[0] for row in LOOPBACK])
def test_loopback(host: str, loopback: bool) -> None:
    """Only what no other machine can reach is loopback."""
    assert ListenAddress(host, 1).is_loopback is loopback
