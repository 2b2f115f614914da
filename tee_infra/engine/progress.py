"""Lines about long work: one line that updates itself on a terminal, plain lines elsewhere."""

import shutil
from collections.abc import Callable
from typing import TextIO

from tee_infra.core.printable import printable


class Progress(str):
    """A line that the next line may replace. Other readers can print it unchanged."""

    __slots__ = ()


def report_to(stream: TextIO) -> Callable[[str], None]:
    """A function that shows the engine's reports on `stream`."""
    if not stream.isatty():
        return lambda line: print(printable(line), file=stream, flush=True)
    return terminal_line(stream)


def terminal_line(stream: TextIO) -> Callable[[str], None]:
    """Writes each line over a `Progress` line before it."""
    before = ""

    def show(line: str) -> None:
        nonlocal before
        start = "\r\033[K" if isinstance(before, Progress) else ""
        if isinstance(line, Progress):
            stream.write(start + printable(line)[: shutil.get_terminal_size().columns - 1])
        else:
            stream.write(f"{start}{printable(line)}\n")
        stream.flush()
        before = line

    return show
