"""moto as it is, in a process of its own: `-m` this prints its endpoint, and answers until its input ends."""

import sys

from tests.support.emulator import serve_pure_moto

if __name__ == "__main__":
    with serve_pure_moto() as served:
        print(served, flush=True)  # noqa: T201 - for the process that started it
        sys.stdin.read()
