"""The process of the embedded AWS, which besides gives and takes all that it holds: `-m` this `DIRECTORY PORT PREFIX`.

POST to the prefix with save, restore or reset behind it; a file's path is the body of the first two. A restore
forgets everything else, and a reset everything, also what a stop has saved. Nothing is saved by the clock: what a kill
loses does not depend on it.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from tee_infra.local import server, snapshot
from tee_infra.local.clock import clock
from tee_infra.local.faults import faults
from tee_infra.local.late_writes import landing
from tee_infra.local.table_policies import changes
from tee_infra.local.user_key import user_key


class Restorable(DomainDispatcherApplication):
    """Behind the gate, as moto's own application is, so that nothing else happens meanwhile."""

    directory: Path
    prefix: str

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        action = environ["PATH_INFO"].partition(self.prefix)[2]
        if not action:
            return super().__call__(environ, start_response)
        path = Path(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
        if action == "save":
            snapshot.save(path, user_key())
        else:
            moto_api_backend.reset()
            faults.clear()
            landing.drop()
            changes.clear()
            clock.ahead = 0.0
            (self.directory / "snapshot").unlink(missing_ok=True)
        if action == "restore":
            assert snapshot.load(path, user_key()) is None
        start_response("200 OK", [])
        return []


if __name__ == "__main__":
    Restorable.directory, Restorable.prefix = Path(sys.argv[1]), sys.argv[3]
    server.AUTOSAVE_SECONDS = float("inf")
    server.DomainDispatcherApplication = Restorable
    server.main(Path(sys.argv[1]), int(sys.argv[2]))
