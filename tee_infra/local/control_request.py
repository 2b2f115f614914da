"""A request to the embedded AWS's own controls: its faults and its clock. Only its own credentials may send one."""

import json
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from tee_infra.errors import RefusedError, RemoteError
from tee_infra.local.pidfile import EmbeddedAws

CONTROL_PATH: Final = "/_tee/control"
"""No bucket can have its first part as a name, so it hides nothing of S3."""
_SERVICE: Final = "tee-infra"
_SECONDS: Final = 60.0


class ControlRefusedError(RefusedError):
    """The embedded AWS cannot do this, e.g. because it has no such table."""


class ControlFailedError(RemoteError):
    """The embedded AWS has not answered, or is of a version without this control."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"embedded AWS: no answer to the control request ({reason}). Its data is kept",
            next="Run tee-infra local stop, then tee-infra local start",
        )


def send_control(running: EmbeddedAws, action: str, **arguments: Any) -> dict[str, Any]:
    """Send `action` to a running embedded AWS, and return its answer.

    Raises `ControlRefusedError`, `ControlFailedError`.
    """
    body = json.dumps({"action": action, **arguments}).encode()
    url = running.endpoint + CONTROL_PATH
    request = Request(url, body, _signed(running, url, body), method="POST")  # noqa: S310  # http, noted by our process
    try:
        # Never through a proxy: it would see a signed request, and this address is its own machine to it.
        with build_opener(ProxyHandler({})).open(request, timeout=_SECONDS) as answer:
            return json.loads(answer.read())
    except HTTPError as refused:
        raise _refusal(refused) from None
    except (URLError, OSError, ValueError) as error:
        raise ControlFailedError(type(error).__name__) from None


def _refusal(refused: HTTPError) -> RefusedError | RemoteError:
    try:
        answer = json.loads(refused.read())
        return ControlRefusedError(f"embedded AWS: {answer['refused']}. Nothing was changed", next=answer["next"])
    except (ValueError, KeyError, TypeError):
        return ControlFailedError(f"HTTP {refused.code}")


def _signed(running: EmbeddedAws, url: str, body: bytes) -> dict[str, str]:
    from botocore.auth import SigV4Auth  # noqa: PLC0415  # not needed to print help
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415
    from botocore.credentials import Credentials  # noqa: PLC0415

    request = AWSRequest("POST", url, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials(running.access_key, running.secret_key), _SERVICE, running.region).add_auth(request)
    return dict(request.headers.items())
