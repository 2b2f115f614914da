"""Synthetic items for the three tables of an environment.

Every item is a function of (seed, day, number of the member, number of the item) only: the same
arguments give the same bytes on any machine and Python version, a larger number of members only adds items,
and any range of members can be made separately. Items are DynamoDB's own JSON, ready to be written.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from typing import Final

from tee_infra.core.codec import synthetic_values as values

DEFAULT_DAY: Final = date(2026, 1, 1)
"""The default for the current day of synthetic data: fixed, so that a command always gives the same items."""

_JOINED_DAYS: Final = 3000
_PAST_DAYS: Final = 365
_COMING_DAYS: Final = 60
_EXPIRY_SECONDS: Final = 20 * 365 * 86_400
"""Far beyond the app's own retention: DynamoDB would delete items that are already expired."""


@dataclass(frozen=True)
class SyntheticData:
    """The data of `seed` with `day` as the current day."""

    seed: int
    day: date = DEFAULT_DAY

    def items(self, table: str, members: range) -> Iterator[bytes]:
        """The items of these members in one table of the catalog, by its logical name. Constant memory."""
        make = _MAKERS[table]
        calendar = _Calendar(self.day)
        for number in members:
            yield from make(_Member(self.seed, number), calendar)


class _Draw:
    """64 pseudo-random bytes from a hash. Each byte is used for one decision."""

    __slots__ = ("bytes", "hex")

    def __init__(self, text: str) -> None:
        digest = blake2b(text.encode(), person=b"tee:seed")
        self.bytes = digest.digest()
        self.hex = digest.hexdigest()[:16]

    def number(self, place: int) -> int:
        """A number below 65,536 from two bytes."""
        return self.bytes[place] << 8 | self.bytes[place + 1]

    def remark(self, place: int) -> str:
        """A few sentences, from two bytes."""
        start = _SENTENCES[self.bytes[place] % len(_SENTENCES)]
        return _TEXT[start : start + values.REMARK_LENGTHS[self.bytes[place + 1]]].rstrip()


class _Member:
    """The facts about one member that all tables share."""

    __slots__ = ("draw", "id", "key")

    def __init__(self, seed: int, number: int) -> None:
        self.key = f"{seed}:{number}"
        self.draw = _Draw(self.key)
        self.id = self.draw.hex


class _Calendar:
    """Dates around a day as text, made once: `dates[_JOINED_DAYS]` is the day itself."""

    def __init__(self, day: date) -> None:
        first = day - timedelta(days=_JOINED_DAYS)
        self.dates = [(first + timedelta(days=offset)).isoformat() for offset in range(_JOINED_DAYS + _COMING_DAYS + 1)]
        self._first_second = (first - date(1970, 1, 1)).days * 86_400

    def expiry(self, place: int) -> int:
        return self._first_second + place * 86_400 + _EXPIRY_SECONDS


def _admin_items(member: _Member, calendar: _Calendar) -> Iterator[bytes]:
    draw = member.draw
    pick = draw.bytes
    first = values.FIRST_NAMES[draw.number(16) % len(values.FIRST_NAMES)]
    last = values.LAST_NAMES[draw.number(18) % len(values.LAST_NAMES)]
    mailbox = f"{first}.{last}".translate(values.TO_ASCII).lower()
    domain = values.EMAIL_DOMAINS[pick[20] % len(values.EMAIL_DOMAINS)]
    # The square makes recent years more likely: clubs grow.
    joined = _JOINED_DAYS - 1 - (_JOINED_DAYS - 30) * draw.number(21) * draw.number(21) // (1 << 32)
    created = joined - pick[38] % 29
    updated = joined + (_JOINED_DAYS - joined) * pick[23] // 256
    phone = _text("phone", _phone(draw)) if pick[24] < _MOST else ""
    notes = _text("notes", draw.remark(26)) if pick[25] < _SOME else ""
    yield (
        f'{{"pk":{{"S":"MEMBER#{member.id}"}},"sk":{{"S":"PROFILE"}},"memberId":{{"S":"{member.id}"}},'
        f'"name":{{"S":"{first} {last}"}},"email":{{"S":"{mailbox}.{member.id}@{domain}"}}{phone},'
        f'"role":{{"S":"{values.ROLES[pick[29]]}"}},"joinedOn":{{"S":"{calendar.dates[joined]}"}}{notes},'
        f'"createdAt":{{"S":"{calendar.dates[created]}T{_clock(pick[30], pick[31])}"}},'
        f'"updatedAt":{{"S":"{calendar.dates[updated]}T{_clock(pick[32], pick[33])}"}}}}'
    ).encode()


def _schedule_items(member: _Member, calendar: _Calendar) -> Iterator[bytes]:
    for index in range(values.SCHEDULES_PER_MEMBER[member.draw.bytes[34]]):
        draw = _Draw(f"{member.key}:schedule:{index}")
        pick = draw.bytes
        place = _JOINED_DAYS - _PAST_DAYS + draw.number(16) % (_PAST_DAYS + _COMING_DAYS)
        statuses = values.PAST_STATUSES if place < _JOINED_DAYS else values.COMING_STATUSES
        minute = 420 + 10 * min(pick[18] % 66, pick[19] % 66)  # from 07:00 to 17:50, mornings are popular
        comment = _text("comment", draw.remark(22)) if pick[20] < _SOME else ""
        yield (
            f'{{"pk":{{"S":"MEMBER#{member.id}"}},"sk":{{"S":"SCHEDULE#{draw.hex}"}},'
            f'"scheduleId":{{"S":"{draw.hex}"}},"memberId":{{"S":"{member.id}"}},'
            f'"date":{{"S":"{calendar.dates[place]}"}},"startTime":{{"S":"{minute // 60:02}:{minute % 60:02}"}},'
            f'"status":{{"S":"{statuses[pick[21]]}"}},'
            f'"location":{{"S":"{values.LOCATIONS[pick[25] % len(values.LOCATIONS)]}"}}{comment},'
            f'"expiresAt":{{"N":"{calendar.expiry(place)}"}}}}'
        ).encode()


def _sync_items(member: _Member, calendar: _Calendar) -> Iterator[bytes]:
    for provider in values.PROVIDERS[: 1 + member.draw.bytes[35] % len(values.PROVIDERS)]:
        draw = _Draw(f"{member.key}:sync:{provider}")
        pick = draw.bytes
        state = values.STATES[pick[16]]
        attempts = 1 + pick[17] % (8 if state == "failed" else 2)
        place = _JOINED_DAYS - 1 - pick[18] * pick[19] // 1024
        error = _text("lastError", values.ERRORS[pick[20] % len(values.ERRORS)]) if state == "failed" else ""
        yield (
            f'{{"pk":{{"S":"MEMBER#{member.id}"}},"sk":{{"S":"SYNC#{provider}"}},"memberId":{{"S":"{member.id}"}},'
            f'"provider":{{"S":"{provider}"}},"state":{{"S":"{state}"}},"attempts":{{"N":"{attempts}"}}{error},'
            f'"updatedAt":{{"S":"{calendar.dates[place]}T{_clock(pick[21], pick[22])}"}},'
            f'"expiresAt":{{"N":"{calendar.expiry(place)}"}}}}'
        ).encode()


_MAKERS: Final[dict[str, Callable[[_Member, _Calendar], Iterator[bytes]]]] = {
    "tee-admin": _admin_items,
    "tee-schedules": _schedule_items,
    "tee-sync-status": _sync_items,
}

_MOST: Final = 205
_SOME: Final = 77
"""Of 256: eight and three in ten."""

_TEXT: Final = values.REMARKS * 2
_SENTENCES: Final = tuple(
    place + 2 for place in range(len(values.REMARKS)) if values.REMARKS[place : place + 2] == ". "
)


def _text(name: str, value: str) -> str:
    """An optional attribute. The pools hold nothing that JSON escapes."""
    return f',"{name}":{{"S":"{value}"}}'


def _phone(draw: _Draw) -> str:
    area = values.AREA_CODES[draw.bytes[36] % len(values.AREA_CODES)]
    return f"+1{area}55501{draw.bytes[37] % 100:02}"


def _clock(first: int, second: int) -> str:
    """A time of day within 06:00 and 21:59."""
    return f"{6 + first % 16:02}:{second % 60:02}:{(first ^ second) % 60:02}Z"
