"""`tee-infra data make-key`."""

from pathlib import Path

import click

from tee_infra.cli.options import environment_argument, examples, json_option, local_option, yes_option
from tee_infra.cli.output import Output, confirm_by_name, prints, require_answers
from tee_infra.cli.results import ResultModel
from tee_infra.core.environments import Environment
from tee_infra.workflows.data.make_key import check_source_of_key, make_key
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.session import open_session


class DataMakeKeyResult(ResultModel):
    """The SSM parameter with the new key. `replaced`: SSM keeps the earlier one as an earlier `version`."""

    environment: str
    parameter: str
    version: int
    replaced: bool


@prints(DataMakeKeyResult)
@click.command("make-key", epilog=examples("tee-infra data make-key prod", "tee-infra data make-key prod --replace"))
@environment_argument
@click.option("--replace", is_flag=True, help="Replace an existing key: every member gets a new pseudonym.")
@local_option
@yes_option
@json_option
def make_key_command(*, environment: Environment, replace: bool, local: bool, yes: bool, as_json: bool) -> None:
    """Create the anonymization key of a source in SSM.

    The key is random and is never printed. Without --replace an existing key is kept and the command refuses. With
    another key the same members get other pseudonyms, so a target that was filled before would hold both copies.
    """
    output = Output(as_json)
    check_source_of_key(environment)
    if replace:
        require_answers(output, yes=yes)
    session = open_session(find_project(Path.cwd()), environment, output, local=local)
    if replace:
        question = (
            f"This replaces the anonymization key of {environment.name}: every member gets a new pseudonym. Targets "
            "that were filled with the present key keep the old ones beside the new ones."
        )
        confirm_by_name(output, environment.name, question, yes=yes)
    made = make_key(environment, session.connection, replace=replace)
    replaced = made.version > 1
    result = DataMakeKeyResult(
        environment=environment.name, parameter=made.parameter, version=made.version, replaced=replaced
    )
    lines = [f"{made.parameter}: {'replaced' if replaced else 'created'} the key, version {made.version}"]
    if replaced:
        lines.append(f"Empty the targets that {environment.name} fills before the next data sync-dev")
    output.result(result, lines)
