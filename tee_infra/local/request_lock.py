"""One request at a time, and whether any of them may have changed data."""

from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

READ_ONLY_METHODS = {"GET", "HEAD", "OPTIONS"}
READ_ONLY_PREFIXES = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet", "Head")


class Gate:
    """A WSGI application around moto's that serves one request at a time.

    moto's backends are plain dictionaries without locks: two requests at once may break them, and a snapshot taken
    during a request would contain half of its changes. `closed` is held while a snapshot is taken.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application
        self.closed = Lock()
        self.changed = False

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:  # noqa: D102  # WSGI
        with self.closed:
            if _may_change(environ):
                self.changed = True
            answer = self._application(environ, start_response)
            try:
                return list(answer)
            finally:
                getattr(answer, "close", lambda: None)()  # WSGI requires it of the consumer of an answer


def _may_change(environ: dict[str, Any]) -> bool:
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if operation:
        return not operation.startswith(READ_ONLY_PREFIXES)
    return environ["REQUEST_METHOD"] not in READ_ONLY_METHODS
