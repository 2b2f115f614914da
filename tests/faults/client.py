"""A copy as a process of its own, to be killed: `python -m tests.faults.client URL CHECKPOINT new|resume`.

Imports neither boto3 nor moto, because it is started often.
"""

import os
import ssl
import sys
from pathlib import Path

from tee_infra.aws.dynamodb_raw import RawSettings, RawTransport
from tee_infra.aws.sigv4 import Keys
from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.rate_limiter import RateLimiter
from tee_infra.core.data.resume_point import Header
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import TeeInfraError
from tee_infra.workflows.data.copy_table import CopyOptions, CopyResult, copy_table
from tee_infra.workflows.data.request_loop import SharedRateLimiter
from tee_infra.workflows.data.resume_file import ResumeFile
from tee_infra.workflows.data.table_io import TableAccess

PATIENCE = 0.04
QUICK = Backoff(base=0.001, cap=0.01, patience=20.0)


def item(number: int) -> dict:
    key = {"pk": {"S": f"p{number % 41}"}, "sk": {"S": f"s{number}"}}
    return {**key, "n": {"N": f"{number}.5"}, "l": {"L": [{"NULL": True}, {"B": "AAE="}, {"M": {}}]}}


def side(url: str, table: str, patience: float = PATIENCE) -> TableAccess:
    """A table reached by a client that waits only `patience` seconds."""
    context = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"]) if url.startswith("https") else None
    transport = RawTransport(
        RawSettings(
            url=url,
            region="us-east-1",
            credentials=lambda: Keys("testing", "testing"),
            context=context,
            seconds=(patience, patience),
        )
    )
    facts = TableFacts(name=table, arn="", key_names=("pk", "sk"), key_types=("S", "S"))
    # These throttles come by chance, whatever the rate.
    return TableAccess(transport, facts, SharedRateLimiter(RateLimiter(floor=1e6)))


def copy(source: TableAccess, target: TableAccess, path: Path, *, resume: bool = False) -> CopyResult:
    options = CopyOptions(backoff=QUICK)
    header = Header(source.table.name, target.table.name, (), options.segments)
    checkpoint = ResumeFile.open(path, header, resume=resume)
    try:
        return copy_table("t", source, target, options=options, checkpoint=checkpoint)
    finally:
        checkpoint.close(done=False)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    url, path, mode = sys.argv[1:]
    say("begin")
    try:
        result = copy(side(url, "source"), side(url, "target"), Path(path), resume=mode == "resume")
    except TeeInfraError as error:
        say(str(error))
        sys.exit(error.exit_code)
    say(f"{result.read} {result.written} {result.validated}")


if __name__ == "__main__":
    main()
