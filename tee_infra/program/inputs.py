"""The inputs of a run: the stack's name, its configuration and the shell's environment."""

import os
import socket
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from tee_infra.core.environments import Environment, parse_environment
from tee_infra.core.settings import Settings, SettingsError, settings_for
from tee_infra.core.target import AwsTarget, choose_target
from tee_infra.errors import RemoteError

PROBE_SECONDS: Final = 1.0


class DeadProviderError(RemoteError):
    """Nothing listens on `port`, the provider's port in the shell's variables for the embedded AWS."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(
            f"the embedded AWS does not answer on 127.0.0.1:{port}",
            next='Run `tee-infra local start`, then `eval "$(tee-infra local env)"`',
        )


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The checked inputs of a run."""

    environment: Environment
    settings: Settings
    target: AwsTarget


def read_inputs(target: AwsTarget | None) -> Inputs:
    """Read and check the inputs. Raises a `TeeInfraError` whose message is one line."""
    environment = parse_environment(pulumi.get_stack(), "stack")
    settings = settings_for(environment, _configured(environment.name))
    target = target or choose_target(settings, os.environ)
    if target.provider_port is not None:
        _probe(target.provider_port)
    return Inputs(environment=environment, settings=settings, target=target)


def _configured(stack: str) -> dict[str, Any]:
    """The `environment` object of the stack's configuration, unchecked."""
    key = f"{pulumi.get_project()}:environment"
    try:
        configured = pulumi.Config().get_object("environment")
    except pulumi.ConfigTypeError:
        configured = pulumi.Config().get("environment")
    if configured is None:
        raise SettingsError(stack, [f"config has no {key}; write `{key}: {{name: {stack}, owner: <team>}}`"])
    if not isinstance(configured, dict):
        raise SettingsError(stack, [f"{key} is {configured!r}, not an object such as {{name: {stack}, owner: <team>}}"])
    return {str(key): value for key, value in configured.items()}


def _probe(port: int) -> None:
    """Check that the provider answers: the engine would wait ten seconds for it and report an unclear error."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PROBE_SECONDS).close()
    except OSError:
        raise DeadProviderError(port) from None
