import json
import sys

import grpc
import pytest
from pulumi.runtime.proto import language_pb2 as messages

TELL = """
import json, os, sys
names = ("PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS", "VIRTUAL_ENV")
told = {"argv": sys.argv, "path": os.environ["PATH"], **{name: os.environ[name] for name in names}}
open("told.json", "w").write(json.dumps(told))
"""


@pytest.fixture
def run(project):
    """Runs an executor of this code under a fresh host."""

    def run(code, **changes):
        project.has_executor(code)
        info = changes.pop("info", project.info())
        return project.serve().calls.Run(messages.RunRequest(info=info, pwd=str(project.folder), **changes))

    return run


@pytest.mark.parametrize(
    ("code", "error", "bail"),
    [
        ("", "", False),
        ("raise SystemExit(32)", "", True),
        ("raise SystemExit(3)", "the program exited with code 3", False),
        ("import os; os.kill(os.getpid(), 9)", "the program was ended by signal 9", False),
    ],
)
def test_how_the_program_ended_is_told(run, code, error, bail):
    assert run(code) == messages.RunResponse(error=error, bail=bail)


def test_the_program_gets_the_stacks_facts(project, run):
    run(
        TELL,
        project="tiny",
        stack="dev",
        organization="organization",
        monitor_address="127.0.0.1:2",
        parallel=8,
        dryRun=True,
        config={"tiny:a": "b"},
        configSecretKeys=["tiny:s"],
        args=["--more"],
    )

    told = json.loads((project.folder / "told.json").read_text())
    assert told["argv"][1:] == [
        *("--monitor", "127.0.0.1:2", "--engine", "127.0.0.1:1", "--project", "tiny"),
        *("--root_directory", str(project.folder), "--stack", "dev", "--pwd", str(project.folder)),
        *("--dry_run", "true", "--parallel", "8", "--organization", "organization", str(project.folder), "--more"),
    ]
    assert json.loads(told["PULUMI_CONFIG"]) == {"tiny:a": "b"}
    assert json.loads(told["PULUMI_CONFIG_SECRET_KEYS"]) == ["tiny:s"]
    assert told["VIRTUAL_ENV"] == sys.prefix
    assert told["path"].startswith(f"{sys.prefix}/bin:")


@pytest.mark.parametrize(("options", "said"), [({"virtualenv": "gone"}, "gone"), ({"toolchain": "uv"}, "toolchain")])
def test_a_program_that_cannot_be_run_is_one_line(project, run, options, said):
    with pytest.raises(grpc.RpcError) as caught:
        run("", info=project.info(**options))

    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert said in caught.value.details()
    assert "\n" not in caught.value.details()


def test_the_provider_plugins_are_the_ones_that_the_packages_ask_for(project, own_virtualenv):
    site = own_virtualenv / "lib" / "python3.11" / "site-packages"
    plugins = {
        "pulumi_aws": {"resource": True, "name": "aws", "version": "7.51.1"},
        "pulumi_own_cloud": {"resource": True, "server": "https://example.com"},
        "pulumi_helper": {"resource": False, "name": "helper"},
    }
    for name, plugin in plugins.items():
        (site / name).mkdir(parents=True)
        (site / name / "pulumi-plugin.json").write_text(json.dumps(plugin))

    request = messages.GetRequiredPackagesRequest(info=project.info(virtualenv=".venv"))
    packages = project.serve().calls.GetRequiredPackages(request).packages

    assert [(p.name, p.kind, p.version, p.server) for p in packages] == [
        ("aws", "resource", "7.51.1", ""),
        ("own-cloud", "resource", "", "https://example.com"),
    ]


def test_the_installed_distributions_are_named(project):
    request = messages.GetProgramDependenciesRequest(info=project.info())
    dependencies = project.serve().calls.GetProgramDependencies(request).dependencies

    assert "pulumi" in {dependency.name for dependency in dependencies}


@pytest.fixture
def pack(project, own_virtualenv):
    """A policy pack whose virtualenv stands in for `pulumi.policy`."""
    (own_virtualenv / "bin" / "python").write_text('#!/bin/sh\necho "$@"\npwd >&2\necho "$FROM_ENGINE" >&2\nexit 7\n')
    return messages.RunPluginRequest(
        kind="analyzer",
        info=project.info(virtualenv=".venv"),
        pwd=str(project.folder),
        args=["127.0.0.1:9"],
        env=["FROM_ENGINE=a=b"],
    )


def test_a_policy_pack_runs_in_its_own_virtualenv_and_its_output_is_streamed(project, pack):
    responses = list(project.serve().calls.RunPlugin(pack))

    assert b"".join(r.stdout for r in responses).decode() == f"-u -m pulumi.policy 127.0.0.1:9 {project.folder}\n"
    assert b"".join(r.stderr for r in responses).decode() == f"{project.folder}\na=b\n"
    assert responses[-1] == messages.RunPluginResponse(exitcode=7)


def test_another_kind_of_plugin_is_refused(project, pack):
    pack.kind = "resource"

    with pytest.raises(grpc.RpcError, match="policy packs only"):
        list(project.serve().calls.RunPlugin(pack))
