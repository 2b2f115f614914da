"""The replacements of personal values, one kind after the other: functions of a secret key and the value only.

The same key and value give the same stand-in in every table, run and machine, so joins survive. Kinds are separated:
the stand-ins of an id and an email of the same text are unrelated. A guess cannot be tested without the key.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from tee_infra.core.codec.entities import split_key
from tee_infra.core.codec.name_pool import FIRST, LAST
from tee_infra.core.tables.item_shapes import Personal
from tee_infra.errors import UsageError

Replacement = Callable[[str, str], str]
"""(value, id of the item's member) -> the value's stand-in. Raises `ValueError` for a value that has none."""

BECOMES: Final[Mapping[Personal, str]] = {
    Personal.IDENTIFIER: "pseudonym, the same in every table and inside composite keys",
    Personal.NAME: "name from a fixed pool",
    Personal.EMAIL: "unique address that cannot receive mail",
    Personal.PHONE: "unassigned number",
    Personal.DATE: "moved back by 1 to 181 days, one offset per member",
    Personal.FREE_TEXT: "filler of about the same length",
}

NUMBERS: Final = frozenset({Personal.IDENTIFIER, Personal.PHONE, Personal.DATE})
"""The kinds that a number can have."""

EMAIL_DOMAIN: Final = "anonymised.example.com"  # kept as first spelled: it is part of every pseudonym that was written
_PHONE_PREFIX: Final = "+1555"  # the North American area code 555 is not assigned
_DAY_LENGTH: Final = len("2026-01-01")
_TIMESPECS: Final = {5: "minutes", 8: "seconds", 12: "milliseconds", 15: "microseconds"}
"""Length of the clock, `10:00:00.000` -> its name in Python."""
_MILLISECONDS_FROM: Final = 10**11
"""A number of seconds since 1970 from here on is after the year 5138: it counts milliseconds."""
_MINIMUM_KEY_LENGTH: Final = 32
_LONGEST_SHIFT_DAYS: Final = 180


class WeakKeyError(UsageError):
    """A guessable anonymization key. The message never contains it."""

    def __init__(self, length: int) -> None:
        self.length = length
        super().__init__(
            f"the anonymization key has {length} characters and needs at least {_MINIMUM_KEY_LENGTH}",
            next="Create one with: openssl rand -base64 32",
        )


class Pseudonyms:
    """The stand-ins under one key."""

    def __init__(self, key: bytes) -> None:
        self._identifiers = _keyed(key, b"identifier", 12)
        self._names = _keyed(key, b"name", 8)
        self._emails = _keyed(key, b"email", 10)
        self._phones = _keyed(key, b"phone", 8)
        self._dates = _keyed(key, b"date", 8)
        self.replacements: Final[Mapping[Personal, Replacement]] = {
            Personal.IDENTIFIER: self._identifier,
            Personal.NAME: self._name,
            Personal.EMAIL: self._email,
            Personal.PHONE: self._phone,
            Personal.DATE: self._date,
            Personal.FREE_TEXT: self._free_text,
        }
        self.numbers: Final[Mapping[Personal, Replacement]] = {
            Personal.IDENTIFIER: self._identifier_number,
            Personal.PHONE: self._phone_number,
            Personal.DATE: self._date_number,
        }
        """The replacements of a number's text."""

    def _identifier(self, value: str, _person: str) -> str:
        """24 hex digits for each id in a key; the key's tags stay. 96 bits: a billion ids do not collide."""
        if "#" not in value:
            return _digest(self._identifiers, value).hex()
        parts = split_key(value)
        for index in range(0, len(parts), 2):
            if text := parts[index].rstrip("#"):
                parts[index] = _digest(self._identifiers, text).hex() + parts[index][len(text) :]
        return "".join(parts)

    def _name(self, value: str, _person: str) -> str:
        number = _number(self._names, value)
        name = f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}"
        # An anonymized source may contain the same name; the next one in the pool is as good.
        return name if name != value else f"{FIRST[(number + 1) % len(FIRST)]} {name.split()[1]}"

    def _email(self, value: str, _person: str) -> str:
        return f"{_digest(self._emails, value).hex()}@{EMAIL_DOMAIN}"

    def _phone(self, value: str, _person: str) -> str:
        phone = f"{_PHONE_PREFIX}{_number(self._phones, value) % 10_000_000:07}"
        return phone if phone != value else f"{_PHONE_PREFIX}{(int(phone[-7:]) + 1) % 10_000_000:07}"

    def _date(self, value: str, person: str) -> str:
        """Moves times back by days and seconds, dates by the days: intervals survive, and none gets into the future.

        Raises `ValueError` for any other form than `2026-01-01` and `2026-01-01T10:00[:00[.000[000]]]` with an offset
        or without one.
        """
        if value[4:5] != "-" or value[7:8] != "-":
            raise ValueError("not a date")
        days, seconds = self._shift(person)
        try:
            if len(value) == _DAY_LENGTH:
                return (date.fromisoformat(value) - days).isoformat()
            text = (datetime.fromisoformat(value) - days - seconds).isoformat(value[_DAY_LENGTH], _timespec(value))
        except OverflowError:
            raise ValueError("no date lies so early") from None
        text = text.replace("+00:00", "Z") if value.endswith("Z") else text
        if len(text) != len(value):
            raise ValueError("a form of date that would not be kept")
        return text

    def _shift(self, person: str) -> tuple[timedelta, timedelta]:
        number = _number(self._dates, person)
        return timedelta(days=1 + number % _LONGEST_SHIFT_DAYS), timedelta(seconds=(number >> 16) % 86_400)

    def _date_number(self, value: str, person: str) -> str:
        """Seconds or milliseconds since 1970."""
        moment = _decimal(value)
        unit = 1000 if abs(moment) >= _MILLISECONDS_FROM else 1
        return f"{moment - sum(self._shift(person), timedelta()) // timedelta(seconds=1) * unit:f}"

    def _identifier_number(self, value: str, _person: str) -> str:
        """At most 15 digits, which every program reads exactly."""
        return str(_number(self._identifiers, f"{_decimal(value).normalize():f}") % 10**15)

    def _phone_number(self, value: str, _person: str) -> str:
        return self._phone(f"+{_decimal(value).normalize():f}", "").removeprefix("+")

    def _free_text(self, value: str, _person: str) -> str:
        """Rounds lengths to 16 characters: sizes stay realistic without identifying a text."""
        return "x" * max(16, len(value) // 16 * 16)


def derive_key(secret: str) -> bytes:
    """The 32-byte key of a secret as stored: any text of at least 32 characters. Raises `WeakKeyError`."""
    text = secret.strip()
    if len(text) < _MINIMUM_KEY_LENGTH:
        raise WeakKeyError(len(text))
    return hashlib.blake2b(text.encode(), digest_size=32, person=b"tee:anonymise").digest()  # kept as first spelled


def _keyed(key: bytes, kind: bytes, size: int) -> "hashlib.blake2b":
    return hashlib.blake2b(digest_size=size, key=key, person=b"tee:" + kind)


def _digest(keyed: "hashlib.blake2b", value: str) -> bytes:
    state = keyed.copy()
    state.update(value.encode())
    return state.digest()


def _number(keyed: "hashlib.blake2b", value: str) -> int:
    return int.from_bytes(_digest(keyed, value), "big")


def _decimal(value: str) -> Decimal:
    """Raises `ValueError`: DynamoDB's numbers are finite."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError("not a number")
    return number


def _timespec(value: str) -> str:
    """The precision of a time, for `isoformat`. Raises `ValueError` for another one."""
    clock = re.split("[Z+-]", value[_DAY_LENGTH + 1 :])[0]
    if len(clock) not in _TIMESPECS:
        raise ValueError("a precision that would not be kept")
    return _TIMESPECS[len(clock)]
