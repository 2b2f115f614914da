"""What the app looks up at run time: its tables' names, and which slot is in use."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from tee_infra.core import names
from tee_infra.core.environments import Environment
from tee_infra.program.data_tables import DataTables

FIRST_SLOT: Final = "v1"


class Configuration(pulumi.ComponentResource):
    """SSM parameters. `parameters` maps what they say (`tables/tee-admin`, `active-slot`) to their names.

    They are written as `insecure_value`: no secrets are in them, and a reviewer sees in a preview what they say.
    """

    parameters: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, environment: Environment, tables: DataTables, opts: pulumi.ResourceOptions) -> None:
        super().__init__("tee:index:Configuration", name, None, opts)
        self._name = name
        self._environment = environment.name
        self.parameters = {
            f"tables/{table}": self._parameter(f"Name of the table {table}", ("tables", table), resource.name)
            for table, resource in tables.tables.items()
        }
        # A slot is pointed at, and a feature environment has none.
        if environment.slot is None and not environment.is_feature:
            self.parameters["active-slot"] = self._pointer()
        self.register_outputs({"parameters": self.parameters})

    def _parameter(self, description: str, parts: tuple[str, ...], value: pulumi.Input[str]) -> pulumi.Output[str]:
        return aws.ssm.Parameter(
            "-".join((self._name, *parts)),
            name=names.parameter(self._environment, *parts),
            description=description,
            type="String",
            insecure_value=value,
            opts=pulumi.ResourceOptions(parent=self),
        ).name

    def _pointer(self) -> pulumi.Output[str]:
        """A switch changes the value at run time: the program writes the first one and never takes a later one back.

        Leave the other properties as they are: to change one the provider writes them all, and with them the value
        that the state remembers.
        """
        return aws.ssm.Parameter(
            f"{self._name}-active-slot",
            name=names.parameter(self._environment, "active-slot"),
            description="The slot that the app uses, kept by a switch",
            type="String",
            insecure_value=FIRST_SLOT,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["insecureValue"]),
        ).name
