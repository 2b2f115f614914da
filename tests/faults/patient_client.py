"""A copy that waits a minute for each byte, as a process to be interrupted: `python -m tests.faults.patient_client`.

Arguments: URL, CHECKPOINT, raw | botocore | describe (which only asks for the table).
"""

import sys
from pathlib import Path

from tee_infra.errors import TeeInfraError
from tests.faults.client import copy, say
from tests.faults.client import side as raw_side


def main() -> None:
    url, path, how = sys.argv[1:]
    try:
        if how == "raw":
            say("begin")
            copy(raw_side(url, "source", 60.0), raw_side(url, "target", 60.0), Path(path))
            return
        from tee_infra.workflows.data.table_io import TableAccess
        from tests.support.services import connect

        dynamodb = connect(url, seconds=60.0)
        facts = raw_side(url, "source").table
        transport = dynamodb.transport("botocore")
        say("begin")
        if how == "describe":
            dynamodb.table("source")
        else:
            copy(TableAccess(transport, facts), TableAccess(transport, facts), Path(path))
    except TeeInfraError as error:
        say(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
