"""The values of synthetic items: pools, and how often each value occurs.

A change here changes what every seed produces; `tests/core/codec/test_synthetic.py` pins a digest.
No name here is one of `anonymize_names`, so a synthetic source can prove that no name survives anonymizing.
"""

from math import isqrt
from typing import Final

FIRST_NAMES: Final = (
    "Ada", "Adam", "Aïcha", "Aiko", "Alice", "Amara", "Ana", "Anders", "André", "Anna", "Ben", "Björn",
    "Carlos", "Chloé", "Claire", "Dana", "Daniel", "David", "Elena", "Emma", "Erik", "Eva", "Fatima", "Felix",
    "Finn", "Freya", "Giulia", "Greta", "Hana", "Hannah", "Hugo", "Ian", "Ines", "Ivan", "Jack", "James", "Jan",
    "Jonas", "José", "Julia", "Kai", "Karl", "Kofi", "Laura", "Léa", "Leo", "Lina", "Liam", "Louis", "Lucía",
    "Luca", "Maja", "Marco", "Maria", "Marie", "Max", "Mia", "Mateo", "Nadia", "Nina", "Noah", "Nora", "Olga",
    "Oscar", "Paul", "Pedro", "Petra", "Priya", "Rafael", "Rosa", "Ruth", "Samir", "Sara", "Sofia", "Søren",
    "Tariq", "Thomas", "Tom", "Uma", "Vera", "Victor", "William", "Yara", "Yusuf", "Zoë",
)  # fmt: skip
LAST_NAMES: Final = (
    "Ahmed", "Almeida", "Andersen", "Bauer", "Becker", "Bianchi", "Brown", "Byrne", "Carter", "Chen", "Cohen",
    "Costa", "Dahl", "Davies", "Diaz", "Dubois", "Evans", "Eriksson", "Fischer", "Fontaine", "Garcia", "Gomes",
    "Haddad", "Hansen", "Herrera", "Hill", "Hoffmann", "Horvat", "Ivanov", "Jensen", "Johnson", "Jones", "Kaya",
    "Khan", "Kim", "Kovács", "Kumar", "Larsen", "Laurent", "Lee", "Lindqvist", "Lopez", "Mäkinen", "Martin",
    "Mensah", "Meyer", "Moreau", "Müller", "Murphy", "Nakamura", "Nguyen", "Nielsen", "Novak", "Okafor",
    "Olsen", "O'Brien", "Patel", "Pereira", "Petrov", "Popescu", "Ramos", "Rossi", "Santos", "Sato", "Schmidt",
    "Schneider", "Silva", "Singh", "Smith", "Suzuki", "Tanaka", "Taylor", "Tran", "Turner", "Vargas",
    "Virtanen", "Wagner", "Walker", "Weber", "Williams", "Wright", "Yilmaz", "Young", "Zhang", "Zimmermann",
)  # fmt: skip
TO_ASCII: Final = str.maketrans({
    "ï": "i", "é": "e", "ö": "o", "í": "i", "ø": "o", "ë": "e", "á": "a", "ä": "a", "ü": "u", "'": "",
})  # fmt: skip

EMAIL_DOMAINS: Final = ("example.org", "mail.example.org", "example.net")  # RFC 2606: reserved
AREA_CODES: Final = (202, 212, 213, 305, 312, 404, 415, 503, 512, 617, 702, 713, 801, 904, 916, 971)
"""North American area codes; their numbers 555-0100 to 555-0199 are reserved for fiction."""

LOCATIONS: Final = (
    "Course A, tee 1", "Course A, tee 10", "Course B, tee 1", "Course B, tee 10", "Driving range", "Putting green",
    "Short course", "Simulator 1", "Simulator 2", "Practice bunker", "Pro shop", "Clubhouse",
)  # fmt: skip
PROVIDERS: Final = ("calendar", "handicap", "mailing-list")

REMARKS: Final = (
    "Prefers early rounds when the course is quiet. Brings a guest on most Sundays and asks for a cart each time. "
    "Rescheduled twice last season because of rain; was happy with the voucher. Plays left-handed, borrowed clubs from "
    "the pro shop before. Would like a lesson on bunker shots with the same coach as in spring. Membership was moved "
    "from the family plan, the invoice goes to the office. Asked whether the short course is open in winter. Knows the "
    "starter well and usually joins another group when a slot is free. Reported a lost rangefinder near the ninth "
    "green, it was found the next day. Takes part in the Wednesday competition, handicap confirmed by the committee. "
    "Wants reminders by message instead of a call, not before nine. Has a permit for the parking place by the gate. "
)
ERRORS: Final = (
    "timeout after 30 s while the calendar was written", "the token has expired, sign in again",
    "rate limit of the provider reached, next attempt later", "the remote record was changed at the same time",
)  # fmt: skip


def _spread(*weighted: tuple[int, str]) -> tuple[str, ...]:
    """256 places, divided by weight: one byte of a hash selects a value."""
    places = tuple(value for weight, value in weighted for _ in range(weight))
    if len(places) != 256:  # noqa: PLR2004 - the number of values of a byte
        raise ValueError(f"the weights of {[value for _, value in weighted]} add up to {len(places)}, not 256")
    return places


ROLES: Final = _spread((250, "member"), (6, "admin"))
PAST_STATUSES: Final = _spread((206, "played"), (38, "cancelled"), (9, "confirmed"), (3, "booked"))
COMING_STATUSES: Final = _spread((120, "booked"), (110, "confirmed"), (26, "cancelled"))
STATES: Final = _spread((236, "done"), (8, "pending"), (3, "running"), (9, "failed"))

SCHEDULES_PER_MEMBER: Final = tuple(isqrt(2304 // (256 - place)) + place // 64 - 3 for place in range(256))
"""Selected by one byte: 0 to 48 with a mean of about 4; some members never play, a few play very often."""
REMARK_LENGTHS: Final = tuple(12 + place * place // 90 for place in range(256))
"""Selected by one byte, in characters: 12 to 734, most of them short."""
