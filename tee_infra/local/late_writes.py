"""Writes whose answer is lost and that land later: a packet that was delayed, or a server that answered too late.

The connection is closed without an answer. The write is carried out when it is due, also if its client has ended, has
repeated it or has written something else meanwhile; its conditions are evaluated then. What has not landed when the
process ends is lost.
"""

import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from typing import TYPE_CHECKING, Any

from tee_infra.local.request_lock import Gate
from tee_infra.local.share import Share

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(slots=True)
class Late:
    """A share of a table's writes whose answers are lost, and that land `seconds` later."""

    share: Share
    seconds: float


class AnswerLostError(ConnectionAbortedError):
    """The request gets no answer; werkzeug sends nothing for an error of this kind."""


class Landing:
    """The writes on their way. `gate` is that of the requests: a write lands between two of them."""

    def __init__(self) -> None:
        self.gate: Gate | None = None
        self._timers: set[Timer] = set()

    def __len__(self) -> int:
        return len(self._timers)

    def delay(self, handler: Any, late: Late) -> None:
        """Let a request of moto's handler land when it is due. Raises `AnswerLostError`."""
        timer = Timer(late.seconds, lambda: self._land(handler, timer))
        timer.daemon = True
        self._timers.add(timer)
        timer.start()
        raise AnswerLostError

    def drop(self) -> None:
        """Forget them, for an embedded AWS that is set back to an earlier state."""
        for timer in list(self._timers):
            timer.cancel()
        self._timers.clear()

    def _land(self, handler: Any, timer: Timer) -> None:
        if self.gate is None:
            return
        with self.gate.closed:
            if timer not in self._timers:
                return
            self._timers.discard(timer)
            self.gate.changed = True
            handler.has_landed = True
            with suppress(Exception):  # a condition, or a table that is gone: no client waits for the answer
                handler.call_action()


landing = Landing()
"""The process's own."""


class ClosingConnection:
    """A WSGI application around moto's that closes the connection of a request whose answer is lost."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:  # noqa: D102  # WSGI
        try:
            return self._application(environ, start_response)
        except AnswerLostError:
            with suppress(OSError):  # the client was faster
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise
