r"""Text of others, written so that it stays text: on a terminal, in a CI log, in JSON and in a review comment.

Branches, owners, reasons, tags and messages of AWS, Pulumi, git or GitHub come from outside. None of them may move the
cursor, change the direction of a line, hide, begin a line of its own, or command a CI system. Each harmful character
becomes an escape as Python writes it: `\x1b`, `\u202e`, `\n`.
"""

import re
from typing import Final

# Control characters (C0, DEL, C1); format characters (Cf: direction, joiners, tags); separators of lines (Zl, Zp);
# Default_Ignorable_Code_Point of Unicode 15, which no font shows; noncharacters; and surrogates, which have no UTF-8.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
# A line that begins with `::`, and `##[` anywhere, command GitHub's runner (actions/runner, ActionCommand.cs);
# `##vso[` commands Azure Pipelines and `##teamcity[` TeamCity. The runner's own commands are broken inside a line too:
# another program may cut the line there.
_COMMAND: Final = re.compile(
    r"\A\s*:(?=:)"
    r"|:(?=:(?:add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|notice|remove-matcher|save-state"
    r"|set-env|set-output|stop-commands|warning)\b)"
    r"|(?<=#)#(?=\w*\[)",
    re.IGNORECASE,
)


def printable(text: str) -> str:
    """The text as one line in which nothing is hidden and nothing commands. Printable text stays as it is."""
    seen = _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return _COMMAND.sub(lambda found: f"{found[0][:-1]}\\x{ord(found[0][-1]):02x}", seen)


def printable_json(document: str) -> str:
    """A JSON document with the same meaning, without harmful characters in its strings. Line feeds indent it."""
    seen = _UNSEEN.sub(lambda found: found[0] if found[0] == "\n" else _json_escape(found[0]), document)
    return _COMMAND.sub(lambda found: f"{found[0][:-1]}{_json_escape(found[0][-1])}", seen)


def _json_escape(character: str) -> str:
    code = ord(character)
    if code <= 0xFFFF:  # noqa: PLR2004  # one UTF-16 unit
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
