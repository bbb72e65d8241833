"""Whether digits that look like it are a card's number, an IBAN, an address: by their checksums and lengths."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import AddressValueError, IPv6Address
from types import MappingProxyType
from typing import Final

_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

_CARDS: Final = (
    (4, 4, {13, 16, 19}),
    (51, 55, {16}),
    (2221, 2720, {16}),
    (34, 34, {15}),
    (37, 37, {15}),
    (6011, 6011, {16, 17, 18, 19}),
    (644, 659, {16, 17, 18, 19}),
    (62, 62, {16, 17, 18, 19}),
    (3528, 3589, {16, 17, 18, 19}),
    (300, 305, {14, 16, 19}),
    (36, 36, {14, 16, 19}),
    (38, 39, {14, 16, 19}),
    (50, 50, {16, 18, 19}),
    (56, 58, {16, 18, 19}),
)
"""From and to which first digits an issuer's numbers go, and how long they may be."""

_IBAN_LENGTHS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
        "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
        "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
        "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
        "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20,
        "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
        "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
        "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
    }
)  # fmt: skip


def is_card(text: str) -> bool:
    """Return whether a text is the number of a payment card: an issuer's, of the right length, its check digit good.

    >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112"), is_card("1111111111111117")
    (True, False, False)
    """
    digits = text.replace(" ", "").replace("-", "")
    if not any(low <= int(digits[: len(str(low))]) <= high and len(digits) in sizes for low, high, sizes in _CARDS):
        return False
    return luhn(digits)


def luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of those before it."""
    numbers = list(map(int, reversed(digits)))
    return (sum(numbers[0::2]) + sum(_DOUBLED[number] for number in numbers[1::2])) % 10 == 0


def is_iban(text: str) -> bool:
    """Return whether a text is an IBAN: of the length its country has, its check digits good.

    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE88 3704 0044 0532 0130 00")
    (True, False)
    """
    number = text.replace(" ", "")
    if len(number) != _IBAN_LENGTHS.get(number[:2]):
        return False
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


def is_ipv6(text: str) -> bool:
    """Return whether a text is an address of IPv6 that says something."""
    if len(text) < 3:
        return False
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True
