"""Starts the language host as the engine does: in a project, with a pipe as its standard input."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto.language_pb2 import ProgramInfo
from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeStub

from tee_infra.engine.install_language_host import EXECUTOR, put_language_host


@dataclass
class Host:
    process: subprocess.Popen[str]
    calls: LanguageRuntimeStub
    channel: grpc.Channel


@dataclass
class Project:
    """A project folder, and a language host of its own to start in it."""

    folder: Path
    launcher: Path
    environ: dict[str, str]
    hosts: list[Host] = field(default_factory=list)

    def start(self, cwd: Path | None = None, **changes: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.launcher, "127.0.0.1:1"],
            cwd=cwd or self.folder,
            env=self.environ | changes,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def serve(self) -> Host:
        process = self.start()
        assert process.stdout is not None
        port = int(process.stdout.readline())
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        host = Host(process, LanguageRuntimeStub(channel), channel)
        self.hosts.append(host)
        return host

    def info(self, **options: str) -> ProgramInfo:
        info = ProgramInfo(root_directory=str(self.folder), program_directory=str(self.folder), entry_point=".")
        info.options.update(options or {"virtualenv": sys.prefix})
        return info

    def has_executor(self, code: str) -> None:
        """Stand in for the SDK's executor."""
        (self.launcher.parent / EXECUTOR).write_text(code)


@pytest.fixture
def project(tmp_path):
    beside = tmp_path / "engine" / "bin"
    beside.mkdir(parents=True)
    launcher = put_language_host(beside)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(
        f"name: tiny\nruntime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n"
    )
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    project = Project(folder, launcher, environ)
    yield project
    for host in project.hosts:
        host.channel.close()
        if host.process.poll() is None:
            host.process.send_signal(signal.SIGTERM)
        host.process.communicate(timeout=10)


@pytest.fixture
def own_virtualenv(project):
    """A virtualenv inside the project which is this one by another path, as a project's `.venv` is."""
    folder = project.folder / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / "bin" / "python").chmod(0o755)
    yield folder
    shutil.rmtree(folder)
