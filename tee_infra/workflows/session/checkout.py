"""The checkout: the directory of `Pulumi.yaml`, and the settings in its stack files."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tee_infra.core import names
from tee_infra.core.defaults.project_folder import VARIABLE, NamedFolderError, project_folder
from tee_infra.core.environments import FEATURE_HOST, Environment, UnknownEnvironmentError, parse_environment
from tee_infra.core.settings import Settings, SettingsError, settings_for
from tee_infra.scm.git import GitError, files_named

NAME: Final = names.PROJECT
CONFIG_KEY: Final = f"{NAME}:environment"
_NO_YAML: Final = (yaml.YAMLError, ValueError, RecursionError)
"""A date such as 2026-02-30 is a ValueError of its own, and deep nesting exceeds Python's stack."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """A checkout. The files of the embedded AWS are in its `.tee` folder."""

    directory: Path

    @property
    def embedded_directory(self) -> Path:
        """The data, ports and log of the embedded AWS."""
        return self.directory / ".tee" / "aws"

    @property
    def state_directory(self) -> Path:
        """The state of permanent environments' stacks on the embedded AWS."""
        return self.directory / ".tee" / "state"

    @property
    def feature_state_directory(self) -> Path:
        """The state of feature environments' stacks on the embedded AWS."""
        return self.directory / ".tee" / "feature-state"

    def environments(self) -> list[Environment]:
        """Every environment with a `Pulumi.<name>.yaml`, by name."""
        found: list[Environment] = []
        for path in sorted(self.directory.glob("Pulumi.*.yaml")):
            try:
                found.append(parse_environment(path.name.removeprefix("Pulumi.").removesuffix(".yaml")))
            except UnknownEnvironmentError:
                continue
        return found

    def is_registered(self, environment: Environment) -> bool:
        """Whether a feature environment is defined by the registry, not by a stack file."""
        return environment.is_feature and not self._file(environment).exists()

    def settings(self, environment: Environment) -> Settings:
        """The settings of `environment` from its stack file. Raises `SettingsError`, also where there is no file.

        A slot is in the account and region of production, and production names only slots with a stack file: its roles
        reach the names of their tables in its own account.
        """
        settings = self._read(environment)
        for slot in settings.slots:
            if slot != names.LEGACY:
                check_slot(slot, self._read(parse_environment(slot)), settings)
        if environment.slot is not None and self.has_file(production := parse_environment(environment.kind.name)):
            check_slot(environment.name, settings, self._read(production))
        return settings

    def _read(self, environment: Environment) -> Settings:
        try:
            document = yaml.safe_load(self._file(environment).read_text(encoding="utf-8"))
        except FileNotFoundError:
            step = f"Copy Pulumi.{environment.kind.name}.yaml and set environment.name"
            if environment.slot is not None:
                step += " and environment.catalog_version; leave out environment.slots"
            if environment.is_feature:
                step = "To create the branch's environment: tee-infra feature create --branch BRANCH"
            raise SettingsError(environment.name, ["no such file"], next=step) from None
        except _NO_YAML as error:
            raise SettingsError(environment.name, [f"not valid YAML: {' '.join(str(error).split())}"]) from None
        return settings_for(environment, _environment_object(environment.name, document))

    def secrets_provider(self, environment: Environment) -> str | None:
        """The URL of the key that encrypts the secrets of its stack, from its stack file; None without one."""
        try:
            document = yaml.safe_load(self._file(environment).read_text(encoding="utf-8"))
        except (FileNotFoundError, *_NO_YAML):
            return None
        found = document.get("secretsprovider") if isinstance(document, dict) else None
        return found if isinstance(found, str) else None

    def location(self, environment: Environment) -> Settings:
        """The settings with an environment's account: its own, or its host's. Raises `SettingsError`."""
        return self.settings(self.place(environment))

    def place(self, environment: Environment) -> Environment:
        """The environment whose settings have the account: itself, or its host."""
        return parse_environment(FEATURE_HOST) if self.is_registered(environment) else environment

    def has_file(self, environment: Environment) -> bool:
        """Whether the checkout has a stack file of it."""
        return self._file(environment).exists()

    def _file(self, environment: Environment) -> Path:
        return self.directory / f"Pulumi.{environment.name}.yaml"


def check_slot(slot: str, settings: Settings, production: Settings) -> None:
    """Check that a slot is where production is. Raises `SettingsError`."""
    for name in ("account_id", "region"):
        here, there = getattr(settings, name), getattr(production, name)
        if here != there:
            raise SettingsError(
                slot, [f"environment.{name} is {here!r}, but {production.name}'s is {there!r}; a slot is where it is"]
            )


def find_project(start: Path) -> Project:
    """The checkout that `TEE_INFRA_DIR` names, otherwise the one that `start` is in, or that its git repository has.

    Raises `NamedFolderError`, `NoProjectError`, `SeveralProjectsError`.
    """
    if named := os.environ.get(VARIABLE):
        directory = (start / named).resolve()
        if not _is_project(directory):
            raise NamedFolderError(directory)
        return Project(directory=directory)
    folders = (start, *start.parents)
    around = [folder for folder in folders if _is_project(folder)]
    top = next((folder for folder in folders if (folder / ".git").exists()), None)
    try:
        directory = project_folder(start, around=around, repository=top, inside=lambda: _projects_in(top or start))
    except GitError:  # git could not search the repository, and no error says that it was
        directory = project_folder(start, around=around, repository=None, inside=tuple)
    return Project(directory=directory)


def _projects_in(repository: Path) -> list[Path]:
    return [path.parent for path in files_named(repository, "Pulumi.yaml") if _is_project(path.parent)]


def _is_project(directory: Path) -> bool:
    try:
        document = yaml.safe_load((directory / "Pulumi.yaml").read_text(encoding="utf-8"))
    except (OSError, *_NO_YAML):
        return False
    return isinstance(document, dict) and document.get("name") == NAME


def _environment_object(stack: str, document: Any) -> Mapping[str, Any]:
    config = document.get("config") if isinstance(document, dict) else None
    found = config.get(CONFIG_KEY) if isinstance(config, dict) else None
    if not isinstance(found, dict):
        raise SettingsError(stack, [f"config has no object {CONFIG_KEY}"])
    return found
