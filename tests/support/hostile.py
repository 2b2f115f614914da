"""Texts of others that would harm a reader, and what is left of them in a text that was printed."""

import re

COMMANDS = [
    "::set-output name=a::b", "::error::x", "::add-mask::x", "::stop-commands::x", "::ERROR file=a::b", "##[error]x",
    "##[group]", "##vso[task.setvariable variable=a]b", "##teamcity[x]",
]  # fmt: skip
CHARACTERS = [
    "\x00", "\x07", "\x08", "\x1b[2J", "\x1b]0;title\x07", "\x7f", "\x85", "\x9b31m", "\u061c", "\u200b", "\u200d",
    "\u200f", "\u2028", "\u2029", "\u202a", "\u202e", "\u2060", "\u2066", "\u2069", "\ufeff", "\u3164", "\U000e0041",
]  # fmt: skip
HOSTILE = [*CHARACTERS, *(f"{start}{command}" for command in COMMANDS for start in ("", "\n", "\r", "\r\n", " \t"))]
TEXT = f"hostile{''.join(HOSTILE)}"

_HARMFUL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\U000e0041]"
)
_COMMAND = re.compile(r"(?m)^\s*::|##\w*\[|::(?:error|set-output|add-mask|stop-commands)\b", re.IGNORECASE)


def faults(printed: str) -> list[str]:
    """The harmful characters and commands in what was printed, which may have lines."""
    return [repr(found) for pattern in (_HARMFUL, _COMMAND) for found in pattern.findall(printed)]
