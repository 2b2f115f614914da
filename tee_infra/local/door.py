"""Who is served: programs with the credentials of `local env`, and never a page in a browser.

Every user and every web page on a machine can send requests to a loopback port. A page reaches it under a host name of
its own (DNS rebinding) or with an `Origin`; a program of another user does not know the keys.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from tee_infra.local.control_request import CONTROL_PATH
from tee_infra.local.credentials import Credentials
from tee_infra.local.pidfile import ACCOUNT_ID
from tee_infra.local.signatures import UnsignedError, require_signature, require_signed_by

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CURE: Final = 'Take its credentials: eval "$(tee-infra local env)"'
_CLOSED: Final = ("/moto-api", "/favicon.ico", "/latest/meta-data", "/latest/api")
"""Where moto serves its own controls, its dashboard, and an instance's metadata, which has credentials in it."""
_CORS: Final = "access-control-"
"""How moto lets pages read its answers, in its own headers and in those of a bucket's rules."""
_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")


class Door:
    """A WSGI application around another one that lets only signed requests of programs through."""

    def __init__(self, application: "WSGIApplication", port: int, credentials: Credentials) -> None:
        self._application = application
        self._hosts = {f"{host}:{port}" for host in _HOSTS}
        self._credentials = credentials

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:  # noqa: D102  # WSGI
        try:
            self._require_program(environ)
            require_signature(environ, self._find_secret)
            if environ.get("PATH_INFO") == CONTROL_PATH:
                require_signed_by(environ, self._credentials.access_key)
        except UnsignedError as error:
            return _refuse(environ, start_response, error)

        def start_without_invitation(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(
                status, [header for header in headers if not header[0].lower().startswith(_CORS)], *more
            )

        return self._application(environ, start_without_invitation)

    def _require_program(self, environ: dict[str, Any]) -> None:
        host = environ.get("HTTP_HOST", "").lower()
        if host not in self._hosts:
            raise UnsignedError("AccessDenied", "the host name is not one of the embedded AWS")
        if "HTTP_ORIGIN" in environ:
            raise UnsignedError("AccessDenied", "pages in a browser are not served")
        if environ.get("PATH_INFO", "").startswith(_CLOSED):
            raise UnsignedError("AccessDenied", "the path is closed")

    def _find_secret(self, access_key: str, token: str) -> str | None:
        if access_key == self._credentials.access_key:
            return self._credentials.secret_key
        return _secret_of_session(access_key, token) if token else _secret_of_user(access_key)


def _secret_of_session(access_key: str, token: str) -> str | None:
    """Of a role that was assumed here, until its session expires."""
    for account in list(sts_backends.values()):
        for backend in list(account.values()):
            for role in list(backend.assumed_roles):
                if (role.access_key_id, role.session_token) == (access_key, token) and role.expiration > utcnow():
                    return role.secret_access_key
    return None


def _secret_of_user(access_key: str) -> str | None:
    """Of an IAM user that was created here."""
    users = list(iam_backends[ACCOUNT_ID]["aws"].users.values())
    keys = (key for user in users for key in list(user.access_keys) if key.access_key_id == access_key)
    return next((key.secret_access_key for key in keys if key.status == "Active"), None)


def _refuse(environ: dict[str, Any], start_response: "StartResponse", error: UnsignedError) -> Iterable[bytes]:
    message = f"embedded AWS: {error}. Nothing was read or written. {CURE}"
    if "HTTP_X_AMZ_TARGET" in environ:
        kind, body = "application/x-amz-json-1.0", json.dumps({"__type": error.code, "message": message})
    else:
        kind, body = "text/xml", f"<ErrorResponse>{_element(error.code, message)}</ErrorResponse>"
    content = b"" if environ["REQUEST_METHOD"] == "HEAD" else body.encode()
    start_response("403 FORBIDDEN", [("Content-Type", kind), ("Content-Length", str(len(content)))])
    return [content]


def _element(code: str, message: str) -> str:
    return f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
