"""Requests of DynamoDB, on a shorter way to moto's handler: Flask would take as long for one as its 25 items take."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from moto.dynamodb.responses import DynamoHandler
from moto.moto_server.werkzeug_app import BackendRequest
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TARGET: Final = "DynamoDB_20120810."
_SCOPE: Final = "/dynamodb/aws4_request,"


class _Request(BackendRequest):
    """JSON at the root: werkzeug need not look for a form, for files, or for a path."""

    form: Any = ImmutableMultiDict[str, str]()
    files: Any = ImmutableMultiDict[str, str]()
    raw_path: Any = "/"

    @property
    def raw_url(self) -> str:
        """The URL of the endpoint."""
        return f"http://{self.environ['HTTP_HOST']}/"


class DirectDynamoDb:
    """A WSGI application around moto's. Requests that are signed for DynamoDB go to its handler, others to moto."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:  # noqa: D102  # WSGI
        if not _is_direct(environ):
            return self._application(environ, start_response)
        request: Any = _Request(environ)
        try:
            status, headers, content = cast("Any", DynamoHandler).dispatch(
                request, request.raw_url, dict(request.headers)
            )
        except HTTPException as error:
            return error.get_response(environ)(environ, start_response)
        body = content.encode() if isinstance(content, str) else content
        lines = [(name, str(value)) for name, value in headers.items() if name.lower() != "content-length"]
        start_response(f"{int(status)} {HTTPStatus(int(status)).phrase}", [*lines, ("Content-Length", str(len(body)))])
        return [body]


def _is_direct(environ: dict[str, Any]) -> bool:
    return (
        environ["REQUEST_METHOD"] == "POST"
        and environ.get("RAW_URI") == "/"
        and environ.get("HTTP_X_AMZ_TARGET", "").startswith(_TARGET)
        and _SCOPE in environ.get("HTTP_AUTHORIZATION", "")
    )
