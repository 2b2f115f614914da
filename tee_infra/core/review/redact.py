"""Messages of other programs without text that looks like a secret."""

import re
from typing import Final

HIDDEN: Final = "[hidden]"

# Secrets with a recognizable form: AWS access keys, GitHub tokens, JSON web tokens, private keys.
_KNOWN: Final = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bgh[a-z]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    re.DOTALL,
)
# Secrets recognized by the word before them: `password=x`, `"secret": "x"`, `Authorization: Bearer x`.
_NAMED: Final = re.compile(
    r"""(?ix)
    (?P<word> \b[\w-]*(?:passw(?:or)?d|passphrase|secret|token|api_?key|access_?key|credential|authorization)[\w-]*
        ["']?\s*[=:]\s* (?:(?:bearer|basic|token)\s+)? )
    (?P<value> "[^"]*" | '[^']*' | [^\s,;]+ )
    """
)
_IN_ADDRESS: Final = re.compile(r"(?<=://)[^\s/@]+@")


def redact(message: str) -> str:
    """The message with `HIDDEN` for every part that has the form or the name of a secret.

    A best effort: a plain value in an error message has no such form and is not found.
    """
    known = _KNOWN.sub(HIDDEN, message)
    addresses = _IN_ADDRESS.sub(f"{HIDDEN}@", known)
    return _NAMED.sub(lambda found: f"{found['word']}{HIDDEN}", addresses)
