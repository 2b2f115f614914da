"""The engine's calls, answered: `Run` for programs, `RunPlugin` for policy packs, and facts about both."""

import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2 as messages
from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeServicer
from pulumi.runtime.proto.plugin_pb2 import PluginInfo

from tee_infra.engine.language_host import commands, program

BAIL = 32  # the executor's exit code for "the error is printed already"


class LanguageRuntime(LanguageRuntimeServicer):
    """One per engine. Other calls answer UNIMPLEMENTED, which means an older host to the engine.

    Attributes:
        engine: the engine's address, `host:port`.
        executor: the SDK's official `pulumi-language-python-exec`.
    """

    def __init__(self, *, engine: str, executor: Path) -> None:
        self.engine = engine
        self.executor = executor
        self._started: list[subprocess.Popen[bytes]] = []

    def Run(self, request: messages.RunRequest, context: grpc.ServicerContext) -> messages.RunResponse:  # noqa: N802
        """Run the program until it exits; its output goes to this process's own, which the engine shows."""
        with refusals_told(context):
            command = commands.run_program(request, engine=self.engine, executor=self.executor)
            environ = commands.program_environment(request)
        process = self._start(command, context, env=environ)
        code = process.wait()
        if code == BAIL:
            return messages.RunResponse(bail=True)
        if code != 0:
            ending = f"exited with code {code}" if code > 0 else f"was ended by signal {-code}"
            return messages.RunResponse(error=f"the program {ending}")
        return messages.RunResponse()

    def RunPlugin(  # noqa: N802
        self, request: messages.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[messages.RunPluginResponse]:
        """Run a policy pack from its own virtualenv; streams what it prints and then its exit code."""
        with refusals_told(context):
            command = commands.run_policy_pack(request)
            environ = commands.policy_pack_environment(request)
        process = self._start(command, context, env=environ, cwd=request.pwd, output=subprocess.PIPE)
        for stream, chunk in commands.output(process):
            yield (
                messages.RunPluginResponse(stdout=chunk)
                if stream == "stdout"
                else messages.RunPluginResponse(stderr=chunk)
            )
        yield messages.RunPluginResponse(exitcode=process.wait())

    def GetRequiredPackages(  # noqa: N802
        self, request: messages.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> messages.GetRequiredPackagesResponse:
        """Name the provider plugins that the program's packages ask for."""
        with refusals_told(context):
            return messages.GetRequiredPackagesResponse(packages=program.required_packages(request.info))

    def GetProgramDependencies(  # noqa: N802
        self, request: messages.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> messages.GetProgramDependenciesResponse:
        """Name every installed distribution, for `pulumi about`."""
        with refusals_told(context):
            dependencies = [
                messages.DependencyInfo(name=package.name, version=package.version)
                for package in program.installed(request.info)
            ]
            return messages.GetProgramDependenciesResponse(dependencies=dependencies)

    def About(self, request: messages.AboutRequest, context: grpc.ServicerContext) -> messages.AboutResponse:  # noqa: N802
        """Name the program's Python and its version, for `pulumi about`."""
        with refusals_told(context):
            python = program.interpreter(request.info)
            answer = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
            return messages.AboutResponse(executable=str(python), version=answer.stdout.strip().removeprefix("Python "))

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> PluginInfo:  # noqa: ARG002, N802
        """Without a version: this host has no releases."""
        return PluginInfo()

    def all_ended(self, *, seconds: float) -> bool:
        """Wait for the started processes, `seconds` in total; False when one still runs."""
        deadline = time.monotonic() + seconds
        for process in self._started:
            try:
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                return False
        return True

    def _start(
        self,
        command: list[str],
        context: grpc.ServicerContext,
        *,
        env: dict[str, str],
        cwd: str | None = None,
        output: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a process that ends when the engine gives up the call; `output` is for both streams."""
        with commands.interrupts_blocked():
            process = subprocess.Popen(  # noqa: S603
                command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self._started.append(process)
        if not context.add_callback(process.terminate):
            process.terminate()
        return process


@contextmanager
def refusals_told(context: grpc.ServicerContext) -> Generator[None]:
    """Turn a `ProgramError` into the call's status, whose text the engine shows."""
    try:
        yield
    except program.ProgramError as error:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
