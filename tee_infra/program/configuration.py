"""The app's configuration at run time: its tables' names and the active slot."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from tee_infra.core import names
from tee_infra.core.environments import Environment
from tee_infra.program.data_tables import DataTables

FIRST_SLOT: Final = "v1"


class Configuration(pulumi.ComponentResource):
    """SSM parameters. `parameters` maps their keys (`tables/tee-admin`, `active-slot`) to their names.

    They are written as `insecure_value`: they contain no secrets, and a reviewer sees their values in a preview.
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
        # A slot is the target of `active-slot`, and a feature environment has no slots.
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
        """A switch changes the value at run time: the program writes only the first one and never reverts a later one.

        Do not change the other properties: to update one the provider writes them all, and with them the old value in
        the state.
        """
        return aws.ssm.Parameter(
            f"{self._name}-active-slot",
            name=names.parameter(self._environment, "active-slot"),
            description="The slot that the app uses, kept by a switch",
            type="String",
            insecure_value=FIRST_SLOT,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["insecureValue"]),
        ).name
