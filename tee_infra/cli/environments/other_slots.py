"""A line for commands that name production's own tables, without asking AWS which slot is open."""

from tee_infra.cli.output import Output
from tee_infra.core.environments import Environment
from tee_infra.workflows.session.checkout import Project


def say_other_slots(output: Output, project: Project, environment: Environment) -> None:
    """Say which other slots the settings of production name. Raises `SettingsError`."""
    if not environment.kind.production or environment.slot is not None or not project.has_file(environment):
        return
    if slots := project.settings(environment).slots:
        output.say(
            f"{environment.name}: these are its own tables, and it has other slots: {', '.join(slots)}. See which one "
            f"the app uses: tee-infra slots {environment.name}"
        )
