"""The daily commands on dev, through `tee-infra` and through plain `pulumi`, beside a program with one resource."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.checkout import Checkout, checkout_in

ROUNDS = 3
FLOOR = """\
import pulumi, pulumi_aws as aws
aws.ssm.Parameter("one", name="/one", type="String", value="1")
"""


def run() -> None:
    """Time each command, the median of three rounds."""
    with tempfile.TemporaryDirectory() as folder, checkout_in(Path(folder)) as checkout:
        checkout.tee("local", "start")
        shell = checkout.shell()
        floor = floor_project(Path(folder) / "floor", shell)
        rows = [
            ("tee-infra", times(checkout.tee, tee_words)),
            ("pulumi", times(lambda *words: call(checkout.directory, shell, *words), pulumi_words)),
            ("pulumi, one resource", times(lambda *words: call(floor, shell, *words), pulumi_words)),
        ]
        parts = where_the_time_goes(checkout, shell)
    headings = ("first preview", "first up", "preview", "up", "destroy")
    print(f"{'seconds':22}" + "".join(f"{heading:>15}" for heading in headings))
    for name, seconds in rows:
        print(f"{name:22}" + "".join(f"{seconds[heading]:15.2f}" for heading in headings))
    print("\nwhere a preview without changes spends it")
    for name, seconds in parts.items():
        print(f"{name:52}{seconds:6.2f}")


def where_the_time_goes(checkout: Checkout, shell: dict[str, str]) -> dict[str, float]:
    """What a preview of dev consists of, each part measured alone."""

    def python(code: str) -> float:
        return median(lambda: subprocess.run([sys.executable, "-c", code], env=shell, check=True))

    checkout.tee("up", "dev", "--yes")
    nothing, imports = python("pass"), python("import tee_infra.cli.environments.change")
    whole = median(lambda: checkout.tee("preview", "dev"))
    cli = median(lambda: call(checkout.directory, shell, "version"))
    empty = median(lambda: call(checkout.directory, shell, "stack", "ls"))
    return {
        "tee-infra --help": median(lambda: checkout.tee("--help")),
        "Python's start": nothing,
        "imports: click, pydantic, pulumi, grpc, the program": imports - nothing,
        "the engine's start, to its version": cli,
        "the engine's start, to its backend": empty,
        "the program, the provider and the diff": whole - imports - empty,
        "the whole preview": whole,
    }


def median(action: Callable[[], object]) -> float:
    return statistics.median(timed(action) for _ in range(ROUNDS))


def times(call_it: Callable[..., object], words: Callable[[str], tuple[str, ...]]) -> dict[str, float]:
    """Heading -> median seconds over rounds that each begin and end without resources."""
    steps = [
        ("first preview", "preview"),
        ("first up", "up"),
        ("preview", "preview"),
        ("up", "up"),
        ("destroy", "destroy"),
    ]
    found: dict[str, list[float]] = {heading: [] for heading, _ in steps}
    for _ in range(ROUNDS):
        for heading, verb in steps:
            found[heading].append(timed(lambda verb=verb: call_it(*words(verb))))
    return {heading: statistics.median(seconds) for heading, seconds in found.items()}


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def tee_words(verb: str) -> tuple[str, ...]:
    words = {"preview": ("preview", "dev"), "up": ("up", "dev", "--yes"), "destroy": ("down", "dev", "--yes")}
    return words[verb]


def pulumi_words(verb: str) -> tuple[str, ...]:
    return (verb, "-s", "dev") if verb == "preview" else (verb, "-s", "dev", "--yes", "--skip-preview")


def call(directory: Path, shell: dict[str, str], *words: str) -> None:
    subprocess.run(["pulumi", "--non-interactive", *words], cwd=directory, env=shell, capture_output=True, check=True)


def floor_project(directory: Path, shell: dict[str, str]) -> Path:
    """A project with one resource, and its stack."""
    directory.mkdir()
    (directory / ".venv").symlink_to((directory.parent / ".venv").resolve())
    (directory / "Pulumi.yaml").write_text("name: floor\nruntime: {name: python, options: {virtualenv: .venv}}\n")
    (directory / "__main__.py").write_text(FLOOR)
    call(directory, shell, "stack", "init", "dev")
    return directory
