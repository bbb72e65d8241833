"""Content encodings: what is read, what is refused, and that nothing grows beyond its limit."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.http.decompress import MAX_MEMBERS, PIECE, decompress
from firstlight.http.errors import BodyMalformed, BodyTooLarge, RequestError, UnknownEncoding

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024 * 1024
RANDOM = os.urandom(3 * PIECE + 17)
ZEROS = bytes(3 * PIECE)


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


def wide_zstd(data: bytes) -> bytes:
    stream = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    return stream.compress(data) + stream.flush()


GZIP, ZSTD, ZLIB, RAW = (
    gzip.compress(b"a body"),
    zstd.compress(b"a body"),
    zlib.compress(b"a body"),
    raw_deflate(b"a body"),
)

READ = [
    # what                         encoding      body                                          what it says
    ("no encoding",                "",           b"a body",                                    b"a body"),
    ("identity",                   "identity",   b"a body",                                    b"a body"),
    ("gzip",                       "gzip",       GZIP,                                         b"a body"),
    ("gzip in other letters",      " GZip ",     GZIP,                                         b"a body"),
    ("gzip by its old name",       "x-gzip",     GZIP,                                         b"a body"),
    ("gzip of two members",        "gzip",       GZIP + GZIP,                                  b"a bodya body"),
    ("gzip with an empty member",  "gzip",       GZIP + gzip.compress(b"") + GZIP,             b"a bodya body"),
    ("gzip of nothing",            "gzip",       gzip.compress(b""),                           b""),
    ("gzip, stored",               "gzip",       gzip.compress(RANDOM, 0),                     RANDOM),
    ("gzip, many pieces",          "gzip",       gzip.compress(ZEROS),                         ZEROS),
    ("deflate with a header",      "deflate",    ZLIB,                                         b"a body"),
    ("deflate without",            "deflate",    RAW,                                          b"a body"),
    ("deflate, many pieces",       "deflate",    zlib.compress(ZEROS),                         ZEROS),
    ("zstd",                       "zstd",       ZSTD,                                         b"a body"),
    ("zstd of two frames",         "zstd",       ZSTD + ZSTD,                                  b"a bodya body"),
    ("zstd, many pieces",          "zstd",       zstd.compress(ZEROS),                         ZEROS),
    ("zstd, incompressible",       "zstd",       zstd.compress(RANDOM),                        RANDOM),
]  # fmt: skip

REFUSED = [
    # what                         encoding      body                                          kind               complaint
    ("an unknown encoding",        "br",         b"",                                          UnknownEncoding,   "cannot read the content encoding 'br'; want gzip, deflate, zstd, identity"),
    ("two encodings",              "gzip, gzip", gzip.compress(GZIP),                          UnknownEncoding,   "cannot read the content encoding 'gzip, gzip'"),
    ("gzip that is none",          "gzip",       b"a body",                                    BodyMalformed,     "cannot decompress the gzip body: incorrect header check"),
    ("gzip of no bytes",           "gzip",       b"",                                          BodyMalformed,     "cannot decompress the gzip body: it is cut short"),
    ("gzip, cut",                  "gzip",       GZIP[:-1],                                    BodyMalformed,     "cannot decompress the gzip body: it is cut short"),
    ("gzip, second member cut",    "gzip",       GZIP + GZIP[:-1],                             BodyMalformed,     "cannot decompress the gzip body: it is cut short"),
    ("gzip, wrong sum",            "gzip",       GZIP[:-8] + bytes(8),                         BodyMalformed,     "cannot decompress the gzip body: incorrect data check"),
    ("gzip, then something",       "gzip",       GZIP + b"something",                          BodyMalformed,     "cannot decompress the gzip body: incorrect header check"),
    ("gzip of too many members",   "gzip",       gzip.compress(b"") * (MAX_MEMBERS + 1),       BodyMalformed,     "cannot decompress the gzip body: it has more than 10000 members"),
    ("deflate, cut",               "deflate",    ZLIB[:-1],                                    BodyMalformed,     "cannot decompress the deflate body: it is cut short"),
    ("deflate, then something",    "deflate",    RAW + b"!",                                   BodyMalformed,     "cannot decompress the deflate body: 1 bytes follow its end"),
    ("deflate that is none",       "deflate",    b"\xff\xff",                                  BodyMalformed,     "cannot decompress the deflate body: invalid block type"),
    ("zstd that is none",          "zstd",       b"a body",                                    BodyMalformed,     "cannot decompress the zstd body"),
    ("zstd, cut",                  "zstd",       ZSTD[:-1],                                    BodyMalformed,     "cannot decompress the zstd body: it is cut short"),
    ("zstd, then something",       "zstd",       ZSTD + b"something",                          BodyMalformed,     "cannot decompress the zstd body"),
    ("zstd of too many frames",    "zstd",       zstd.compress(b"") * (MAX_MEMBERS + 1),       BodyMalformed,     "cannot decompress the zstd body: it has more than 10000 members"),
    ("zstd that wants memory",     "zstd",       wide_zstd(RANDOM),                            BodyMalformed,     "cannot decompress the zstd body: Frame requires too much memory"),
    ("a gzip bomb",                "gzip",       gzip.compress(bytes(64 * MIB)),               BodyTooLarge,      "cannot take a body of more than 8388608 bytes, decompressed; send smaller requests"),
    ("a gzip bomb in members",     "gzip",       gzip.compress(bytes(MIB)) * 64,               BodyTooLarge,      "cannot take a body of more than 8388608 bytes"),
    ("a deflate bomb",             "deflate",    zlib.compress(bytes(64 * MIB)),               BodyTooLarge,      "cannot take a body of more than 8388608 bytes"),
    ("a zstd bomb",                "zstd",       zstd.compress(bytes(64 * MIB)),               BodyTooLarge,      "cannot take a body of more than 8388608 bytes"),
]  # fmt: skip

COMPRESSORS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("zstd", zstd.compress),
]


@pytest.mark.parametrize(("encoding", "body", "wanted"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_reads(encoding: str, body: bytes, wanted: bytes) -> None:
    assert decompress(body, encoding, limit=8 * MIB, grow=lambda size: None) == wanted


@pytest.mark.parametrize(
    ("encoding", "body", "kind", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refuses(encoding: str, body: bytes, kind: type[RequestError], complaint: str) -> None:
    grown: list[int] = []
    with pytest.raises(kind) as caught:
        decompress(body, encoding, limit=8 * MIB, grow=grown.append)

    assert str(caught.value).startswith(complaint)
    assert sum(grown) <= 8 * MIB
    assert max(grown, default=0) <= PIECE


def test_tells_of_every_byte_before_it_is_held() -> None:
    grown: list[int] = []
    decompress(gzip.compress(RANDOM), "gzip", limit=8 * MIB, grow=grown.append)

    assert sum(grown) == len(RANDOM)


def test_stops_as_soon_as_it_is_told_to() -> None:
    def refuse(size: int) -> None:
        raise BodyTooLarge("no room")

    with pytest.raises(BodyTooLarge, match="no room"):
        decompress(gzip.compress(ZEROS), "gzip", limit=8 * MIB, grow=refuse)


@given(data=st.binary(max_size=2000), cut=st.integers(1, 50), row=st.sampled_from(COMPRESSORS))
def test_what_is_cut_short_is_never_taken_for_whole(
    data: bytes, cut: int, row: tuple[str, Callable[[bytes], bytes]]
) -> None:
    encoding, compress = row
    whole = compress(data)

    assert decompress(whole, encoding, limit=MIB, grow=lambda size: None) == data
    with pytest.raises(BodyMalformed):
        decompress(whole[: -min(cut, len(whole))], encoding, limit=MIB, grow=lambda size: None)


@given(body=st.binary(max_size=200), encoding=st.sampled_from(["gzip", "deflate", "zstd"]))
def test_noise_is_read_or_refused(body: bytes, encoding: str) -> None:
    """Never another error than the one that clients are told."""
    try:
        decompress(body, encoding, limit=MIB, grow=lambda size: None)
    except RequestError as error:
        assert str(error).startswith("cannot decompress")  # noqa: PT017 - it may also be read
