"""Canonical text and digests: the one place that decides which bytes stand for a value.

The Merkle tree, checkpoints and receipts will stand on the same two functions.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from numbers import Integral, Real
from typing import Any

from dashboard.errors import EvenhandError

NOTHING = "0" * 64  # stands where the first event's predecessor would be


def canonical_json(value: object) -> str:
    """Returns the one JSON text of a value: sorted keys, no spaces, numbers as ECMAScript prints them.

    Text is NFC. NaN, infinities, lone surrogates, integers that no double holds, and other types are refused.
    Source: RFC 8785 (JSON Canonicalization Scheme), which leaves the NFC to us.

    >>> canonical_json({"b": 1.0, "a": [None, True, 1e-7, "é"]})
    '{"a":[null,true,1e-7,"é"],"b":1}'
    """
    plain = PLAIN.get(type(value))
    if plain is not None:
        return plain(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Integral):
        return _integer(int(value))
    if isinstance(value, Real):
        return _number(float(value))
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return "[" + ",".join(canonical_json(item) for item in value) + "]"
    raise EvenhandError(
        f"A {type(value).__name__} cannot be written as canonical JSON",
        "Only text, numbers, true, false, null, lists and objects can",
    )


def digest(value: object) -> str:
    """Returns the SHA-256, in hexadecimal, of a value's canonical JSON.

    >>> digest({"a": 1}) == digest({"a": 1.0})
    True
    """
    return sha256(canonical_json(value))


def sha256(text: str) -> str:
    """Returns the SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def keyed_digest(salt: str, text: str) -> str:
    """Returns the HMAC-SHA-256 of a text under a salt (both hexadecimal): without the salt it gives nothing away."""
    return hmac.new(bytes.fromhex(salt), text.encode(), hashlib.sha256).hexdigest()


def normal(text: str) -> str:
    """Returns the text in NFC; a lone surrogate, which no UTF-8 file can hold, is refused."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise EvenhandError(
            "The text holds half of a character (a lone surrogate)", "Text is whole Unicode characters", "Type it again"
        )
    return unicodedata.normalize("NFC", str(text))


@lru_cache(4096)  # the same words come again in every row of a table
def _text(value: str) -> str:
    return json.dumps(normal(value), ensure_ascii=False)


def _object(value: Mapping[object, object]) -> str:
    members = [(text, value[key]) for key, text in _keys(tuple(value))]
    return "{" + ",".join([f"{text}:{PLAIN.get(type(item), canonical_json)(item)}" for text, item in members]) + "}"


@lru_cache(256)
def _keys(keys: tuple[object, ...]) -> tuple[tuple[str, str], ...]:
    """Returns the keys of an object in order, each with its text; refuses what is no text or comes twice."""
    known: dict[str, str] = {}
    for key in keys:
        if not isinstance(key, str):
            raise EvenhandError(f"An object has the key {key!r}", "Keys must be text")
        if normal(key) in known:
            raise EvenhandError(f"An object has the key {key!r} twice, spelt with different code points")
        known[normal(key)] = key
    ordered = sorted(known, key=lambda key: key.encode("utf-16-be"))  # RFC 8785: by UTF-16 code units
    return tuple((known[key], _text(key)) for key in ordered)


def _integer(value: int) -> str:
    if abs(value) < 2**53:
        return str(value)
    if abs(value) < 10**300:
        text = _number(float(value))
        if int(float(value)) == value or text == str(value):  # the second: how a double beyond 2^53 was printed
            return text
    raise EvenhandError(f"The integer {value} is beyond 2^53, where JSON readers round", todo="Write it as text")


def _number(value: float) -> str:
    """Returns a float as ECMAScript's Number::toString does (ECMA-262, 6.1.6.1.20)."""
    if not math.isfinite(value):
        raise EvenhandError(f"{value} is not a JSON number", "A finite number is expected, or null where there is none")
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e16:  # where Python prints no exponent either
        return repr(value).removesuffix(".0")
    _, digits_tuple, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    sign, digits = "-" if value < 0 else "", "".join(map(str, digits_tuple))
    return sign + _place_point(digits, len(digits) + exponent)


def _place_point(digits: str, point: int) -> str:
    """Returns the digits with the decimal point after `point` of them, or ECMAScript's exponent form."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"


PLAIN: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    str: _text,
    int: _integer,
    float: _number,
    dict: _object,
}
