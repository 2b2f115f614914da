import os
import signal
import sys
import threading

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2 as messages

from tests.engine.waiting import is_running, until

SLEEPER = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen(["sleep", "60"])
pathlib.Path("pids").write_text(f"{os.getpid()} {child.pid}")
time.sleep(60)
"""


@pytest.fixture
def running(project, monkeypatch):
    """A host whose program sleeps, with a child of its own; gives the host and the pids of both."""
    monkeypatch.chdir(project.folder)
    project.has_executor(SLEEPER)
    host = project.serve()
    request = messages.RunRequest(info=project.info(), pwd=str(project.folder))
    threading.Thread(target=lambda: outcome(lambda: host.calls.Run(request)), daemon=True).start()
    pids = project.folder / "pids"
    until(lambda: pids.exists() and pids.read_text())
    return host, [int(pid) for pid in pids.read_text().split()]


def outcome(call):
    try:
        return call()
    except grpc.RpcError as error:
        return error


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly(project, signum):
    host = project.serve()

    host.process.send_signal(signum)
    out, err = host.process.communicate(timeout=10)

    assert (host.process.returncode, out, err) == (0, "", "")


def test_an_interrupted_group_ends_with_the_program_and_its_children_without_a_traceback(running):
    host, pids = running

    os.killpg(host.process.pid, signal.SIGINT)
    _, err = host.process.communicate(timeout=10)

    assert (host.process.returncode, err) == (0, "")
    until(lambda: not any(is_running(pid) for pid in pids))


def test_when_the_engine_is_gone_nothing_is_left(running):
    host, pids = running

    host.process.stdin.close()
    host.process.stdin = None

    until(lambda: not any(is_running(pid) for pid in pids))
    assert host.process.wait(timeout=10) == 0


def test_a_program_that_does_not_end_is_killed(project, running):
    host, pids = running
    (project.folder / "pids").unlink()
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEPER
    project.has_executor(stubborn)
    request = messages.RunRequest(info=project.info(), pwd=str(project.folder))
    threading.Thread(target=lambda: outcome(lambda: host.calls.Run(request)), daemon=True).start()
    until(lambda: (project.folder / "pids").exists() and (project.folder / "pids").read_text())
    more = [int(pid) for pid in (project.folder / "pids").read_text().split()]

    host.process.send_signal(signal.SIGINT)
    host.process.wait(timeout=10)

    until(lambda: not any(is_running(pid) for pid in pids + more))


def test_a_call_that_the_engine_gives_up_ends_the_program(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    project.has_executor(SLEEPER)
    host = project.serve()
    call = host.calls.Run.future(messages.RunRequest(info=project.info(), pwd=str(project.folder)))
    pids = project.folder / "pids"
    until(lambda: pids.exists() and pids.read_text())

    call.cancel()

    program = int(pids.read_text().split()[0])
    until(lambda: not is_running(program))
    assert host.process.poll() is None


def test_it_says_what_it_is(project):
    host = project.serve()

    about = host.calls.About(messages.AboutRequest(info=project.info()))

    assert about.executable == f"{sys.prefix}/bin/python"
    assert about.version == ".".join(str(part) for part in sys.version_info[:3])
    assert host.calls.GetPluginInfo(Empty()).version == ""


def test_an_unknown_call_is_unimplemented(project):
    host = project.serve()

    error = outcome(lambda: host.calls.Pack(messages.PackRequest()))

    assert error.code() == grpc.StatusCode.UNIMPLEMENTED
