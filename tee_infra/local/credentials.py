"""The credentials of one checkout's embedded AWS: the same at every start, and known only to this user."""

import base64
import hmac
from pathlib import Path
from typing import Final, NamedTuple

from tee_infra.local.user_key import user_key

OLDER: Final = "embedded"
"""Both keys of a process that was started before it checked any: it takes every key."""


class Credentials(NamedTuple):
    """`access_key` has the 20 characters that SDKs and moto expect of one, and a prefix that AWS never gives."""

    access_key: str
    secret_key: str


def credentials_of(directory: Path) -> Credentials:
    """Derive the keys of the embedded AWS in `directory` from the user's key. Raises `KeyRefusedError`.

    Nothing in the directory takes part, so a checkout that came with files in it cannot choose them.
    """
    place = str(directory.resolve()).encode(errors="surrogateescape")
    access, secret = (hmac.digest(user_key(), part + place, "sha256") for part in (b"access key\0", b"secret key\0"))
    return Credentials(f"LOCAL{base64.b32encode(access).decode()[:15]}", base64.urlsafe_b64encode(secret)[:40].decode())
