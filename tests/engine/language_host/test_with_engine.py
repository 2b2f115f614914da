"""The language host under the real engine, on a program without cloud resources and a state in a folder."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.waiting import until

pytestmark = pytest.mark.engine

PACK = """
import sys
from concurrent.futures import ThreadPoolExecutor
import grpc
from pulumi.runtime.proto import analyzer_pb2 as messages, analyzer_pb2_grpc, plugin_pb2

class Pack(analyzer_pb2_grpc.AnalyzerServicer):
    def GetAnalyzerInfo(self, request, context):
        policy = messages.PolicyInfo(name="never", enforcementLevel=messages.MANDATORY)
        return messages.AnalyzerInfo(name="pack", version="0.0.1", policies=[policy])
    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="0.0.1")
    def ConfigureStack(self, request, context):
        return messages.AnalyzerStackConfigureResponse()
    def Analyze(self, request, context):
        return messages.AnalyzeResponse()
    def Remediate(self, request, context):
        return messages.RemediateResponse()
    def AnalyzeStack(self, request, context):
        found = messages.AnalyzeDiagnostic(
            policyName="never", policyPackName="pack", policyPackVersion="0.0.1",
            message="refused by the pack", enforcementLevel=messages.MANDATORY,
        )
        return messages.AnalyzeResponse(diagnostics=[found])

server = grpc.server(ThreadPoolExecutor())
analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Pack(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
"""


@dataclass
class Project:
    folder: Path
    command: Path
    environ: dict[str, str]

    def program(self, code: str) -> None:
        (self.folder / "__main__.py").write_text(code)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.command, *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        out, _ = process.communicate(timeout=100)
        return process.returncode, out


@pytest.fixture
def project(engine, tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(
        f"name: tiny\nruntime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n"
    )
    state = tmp_path / "state"
    state.mkdir()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PULUMI_HOME": str(tmp_path / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "for tests",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    project = Project(folder, engine.command, environ)
    assert project.run("stack", "init", "dev")[0] == 0
    return project


def processes_in(folder):
    """The command lines of all processes that work in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it ended meanwhile
    return found


def test_preview_and_up_run_the_program_with_its_configuration(project):
    project.program(
        "import pulumi\n"
        "config = pulumi.Config()\n"
        "print('from the program')\n"
        "pulumi.export('answer', config.require('question') + '!')\n"
        "pulumi.export('hidden', config.require_secret('word'))\n"
    )
    project.run("config", "set", "question", "why")
    project.run("config", "set", "--secret", "word", "xyzzy")

    code, shown = project.run("preview", "-s", "dev")
    assert code == 0, shown
    assert "from the program" in shown
    assert "tiny-dev create" in shown

    code, shown = project.run("up", "-s", "dev", "--yes", "--skip-preview")
    assert code == 0, shown
    assert "why!" in shown
    assert "xyzzy" not in shown

    code, shown = project.run("preview", "-s", "dev", "--expect-no-changes")
    assert code == 0, shown
    assert processes_in(project.folder) == []


def test_a_failing_program_is_an_error_with_its_message(project):
    project.program("import pulumi\nraise pulumi.RunError('account_id is 3 digits, not 12')\n")

    code, shown = project.run("preview", "-s", "dev")

    assert code != 0
    assert "error: account_id is 3 digits, not 12" in shown
    assert "Traceback" not in shown


def test_a_program_that_has_told_the_person_bails_without_another_error(project):
    project.program("import pulumi, sys\npulumi.log.error('told already')\nsys.exit(32)\n")

    code, shown = project.run("preview", "-s", "dev")

    assert code != 0
    assert "told already" in shown
    assert "unhandled" not in shown


def test_an_interrupt_ends_cleanly_and_leaves_nothing_running(project):
    project.program("import time\nprint('started', flush=True)\ntime.sleep(60)\n")
    process = project.start("preview", "-s", "dev")
    until(lambda: any("pulumi-language-python-exec" in line for line in processes_in(project.folder)))

    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=30)

    assert process.returncode != 0
    assert "Traceback" not in shown
    until(lambda: processes_in(project.folder) == [])


def test_kill_9_of_the_engine_leaves_nothing_running(project):
    project.program("import time\ntime.sleep(60)\n")
    process = project.start("preview", "-s", "dev")
    until(lambda: any("pulumi-language-python-exec" in line for line in processes_in(project.folder)))

    process.kill()
    process.communicate()

    until(lambda: processes_in(project.folder) == [], seconds=10)


def test_a_virtualenv_that_is_not_there_is_one_line(project):
    project.program("")
    (project.folder / "Pulumi.yaml").write_text("name: tiny\nruntime: {name: python, options: {virtualenv: gone}}\n")

    code, shown = project.run("preview", "-s", "dev")

    assert code != 0
    assert f"no Python at '{project.folder}/gone/bin/python'" in shown


def test_a_policy_pack_can_refuse(project, tmp_path):
    project.program("import pulumi\npulumi.export('a', 1)\n")
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text(f"runtime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n")
    (pack / "__main__.py").write_text(PACK)

    code, shown = project.run("preview", "-s", "dev", "--policy-pack", str(pack))

    assert code != 0
    assert "refused by the pack" in shown
    until(lambda: processes_in(project.folder) == [])


def test_about_names_the_python(project, engine):
    project.program("")

    _, shown = project.run("about")

    assert engine.version in shown
    assert f"executable='{sys.prefix}/bin/python'" in shown
