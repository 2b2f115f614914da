"""Every command of the program, by what it is about, with arguments that it takes."""

from collections.abc import Iterator
from typing import Final

import click

from tee_infra.cli.root import root

COMMANDS: Final = {
    "up": "dev --yes",
    "preview": "dev",
    "refresh": "dev",
    "down": "dev --yes",
    "show": "dev",
    "run": "dev -- true",
    "diff": "staging dev --data",
    "schema check": "prod",
    "data get": "dev tee-admin MEMBER#1 PROFILE",
    "data query": "dev tee-schedules 2026-11-02 --index by-date",
    "data scan": "dev tee-admin",
    "data copy": "--from staging --to dev --yes",
    "data sync-dev": "--from staging --to dev --yes",
    "data anonymize-report": "--from prod",
    "data seed": "--env dev --members 1",
    "data make-key": "prod --replace --yes",
    "data reset": "dev --members 1 --yes",
    "data validate": "--from staging --to dev",
    "migrate": "--from staging --to dev --until-caught-up --yes",
    "migrate status": "dev",
    "migrate throttle": "dev 30%",
    "migrate pause": "dev",
    "migrate continue": "dev",
    "migrate tail": "dev --until-caught-up",
    "legacy adopt": "--yes",
    "legacy migrate": "--until-caught-up --yes",
    "legacy cleanup": "--dry-run",
    "archive": "prod-v1 --dry-run",
    "feature create": "--branch feature/x --owner ann",
    "feature extend": "feature-x --ttl 24h",
    "feature hold": "feature-x --reason x --for 24h",
    "feature release": "feature-x",
    "feature list": "",
    "feature show": "feature-x",
    "feature destroy": "feature-x --yes",
    "repair": "prod",
    "cleanup": "--by-lease-only",
    "backup create": "--env prod --output out",
    "backup list": "--env prod",
    "backup verify": "--env prod --input s3://bucket/backup",
    "backup restore": "--env prod --input s3://bucket/backup --suffix=-x",
    "slots": "prod",
    "switch": "--from prod --to prod-v2 --yes",
    "rollback": "prod --yes",
    "bootstrap": "prod",
}
"""What is about one environment, or about two in one place."""
OVERVIEWS: Final = {"list": "", "doctor": ""}
"""What is about all environments: one that cannot be reached is no reason to refuse."""
ELSEWHERE: Final = {"schema pull": "--table dev-tee-admin"}
"""What is about no environment, and goes where the shell leads."""
NO_AWS: Final = {
    "engine", "env export", "hooks install", "hooks uninstall", "hooks announce",
    "local start", "local status", "local stop", "local env",
    "local fault split", "local fault close", "local fault trim", "local fault late", "local fault throttle",
    "local fault clear", "local clock", "local fault policy-delay",
}  # fmt: skip
"""What asks no AWS, or is the embedded one's own command."""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command without subcommands, by what is typed."""

    def below(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            if isinstance(command, click.Group):
                if command.invoke_without_command:
                    yield f"{path}{name}", command
                yield from below(command, f"{path}{name} ")
            else:
                yield f"{path}{name}", command

    yield from below(root, "")
