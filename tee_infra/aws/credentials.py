"""The credentials that requests are signed with, and others when AWS refuses them."""

import time
from threading import Lock
from typing import Any, Final

from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from tee_infra.aws.connection import AwsError
from tee_infra.aws.sigv4 import Keys

LOG_IN: Final = "Log in again, then run the same command"
_RENEWAL_SECONDS: Final = 300.0
"""Credentials that are refused so soon after they were renewed are refused for another reason than their age."""


class SessionKeys:
    """A botocore session's credentials, which refresh themselves before they expire by this machine's clock."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials
        self._lock = Lock()
        self._renewed_at: float | None = None

    def __call__(self) -> Keys:
        """The present credentials. Raises `AwsError` if they cannot be refreshed."""
        try:
            frozen = self._credentials.get_frozen_credentials()
        except (BotoCoreError, ClientError, RuntimeError) as error:  # botocore raises the last for expired ones
            reason = " ".join(str(error).split())
            raise AwsError("refreshing the AWS credentials", reason, next=LOG_IN) from None
        return Keys(frozen.access_key or "", frozen.secret_key or "", frozen.token)

    def renew(self, refused: Keys) -> bool:
        """Whether there are other credentials than those that AWS refused: they are refreshed once, static ones never.

        Thread-safe: requests that were signed with the same credentials refresh them once together.
        """
        with self._lock:
            if self() != refused:
                return True
            now = time.monotonic()
            recently = self._renewed_at is not None and now - self._renewed_at < _RENEWAL_SECONDS
            if recently or not isinstance(self._credentials, RefreshableCredentials):
                return False
            self._renewed_at = now
            try:
                # botocore refreshes by its own clock only, and has no public way to be told that it is wrong.
                forced: Any = self._credentials
                with forced._refresh_lock:
                    forced._protected_refresh(is_mandatory=True)
            except (BotoCoreError, ClientError, RuntimeError):
                return False
            return self() != refused


def never(_refused: Keys) -> bool:
    """Static credentials cannot be renewed."""
    return False
