"""What every resource of every environment has in common. A stray child would be unprotected, untagged, unguarded."""

from pathlib import Path

import pytest

from tests.support.recording import ACCOUNT, Record, Run, record, standard

COMPONENTS = {
    "tee:index:DataTables",
    "tee:index:Access",
    "tee:index:Configuration",
    "tee:index:Monitoring",
    "tee:index:Budget",
    "tee:index:AuditTrail",
}
"""Frozen: a token is part of the URN of everything below it, and another one replaces all of that."""

NAMES = {
    "dev": {"data", "access", "configuration", "budget"},
    "feature-new-auth": {"data", "access", "configuration"},
    "prod": {"data", "access", "configuration", "monitoring", "budget", "audit"},
    "prod-v2": {"data", "access", "configuration", "monitoring", "budget", "audit"},
    "staging": {"data", "access", "configuration", "monitoring", "budget"},
    "test": {"data", "access", "configuration"},
}
"""The components of each environment. Their names are part of URNs too."""

RESOURCES = {"dev": 22, "feature-new-auth": 10, "prod": 79, "prod-v2": 78, "staging": 46, "test": 17}
"""How many resources AWS holds for each environment."""


@pytest.mark.parametrize("stack", NAMES)
def test_type_tokens_and_names_are_frozen(stack: str) -> None:
    run = standard(stack)

    assert {r.type for r in run if r.is_component} <= COMPONENTS
    assert {r.name for r in run if r.is_component} == NAMES[stack]


def test_prod_has_every_component() -> None:
    assert {r.type for r in standard("prod") if r.is_component} == COMPONENTS


@pytest.mark.parametrize("stack", RESOURCES)
def test_an_environment_has_as_many_resources(stack: str) -> None:
    assert len(aws(standard(stack))) == RESOURCES[stack]


def test_the_documents_give_those_numbers(root: Path) -> None:
    said = (
        "prod {prod}, a slot of prod {prod-v2}, staging {staging}, dev {dev}, test {test}, "
        "a feature environment {feature-new-auth}"
    )

    assert said.format_map(RESOURCES) in (root / "docs" / "resources.md").read_text()


def test_every_resource_is_the_child_of_a_component_and_named_after_it(any_run: Run) -> None:
    components = {(r.type, r.name) for r in any_run if r.is_component}
    for resource in aws(any_run):
        assert (resource.parent_type, resource.parent_name) in components, resource
        assert resource.name.startswith(f"{resource.parent_name}-"), resource


def test_components_are_children_of_the_stack_and_report_outputs(any_run: Run) -> None:
    for component in (r for r in any_run if r.is_component):
        assert component.parent_type == "pulumi:pulumi:Stack"
        assert component.name in any_run.reported


def test_every_resource_uses_the_one_provider(any_run: Run) -> None:
    (provider,) = any_run.of("pulumi:providers:aws")
    assert provider.inputs["region"] == "us-east-1"
    assert provider.inputs["allowedAccountIds"] == f'["{ACCOUNT}"]'
    for resource in aws(any_run):
        assert f"pulumi:providers:aws::{provider.name}::" in resource.provider, resource


@pytest.mark.parametrize("stack", NAMES)
def test_standing_environments_are_protected_twice(stack: str) -> None:
    run = standard(stack)
    standing = stack in ("prod", "prod-v2", "staging")
    for resource in aws(run):
        holds = resource.parent_type in ("tee:index:DataTables", "tee:index:AuditTrail")
        assert bool(resource.protect) is (standing and holds), resource
    for table in run.of("Table"):
        assert table.inputs["deletionProtectionEnabled"] is standing


def test_no_resource_repeats_the_default_tags(any_run: Run) -> None:
    assert [r for r in aws(any_run) if "tags" in r.inputs] == []


@pytest.mark.parametrize("stack", NAMES)
def test_two_runs_are_the_same(stack: str) -> None:
    def records(run: Run) -> list[Record]:
        return sorted(run.records, key=lambda r: (r.type, r.name))

    assert records(record(stack)) == records(standard(stack))


def test_the_program_asks_aws_nothing(any_run: Run) -> None:
    """`recording.py` fails a run that calls a function of the provider."""
    assert aws(any_run)


def aws(run: Run) -> list[Record]:
    return [r for r in run if r.is_aws]
