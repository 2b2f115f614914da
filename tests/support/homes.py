"""A home of feature environments on moto, its state in a folder, with no engine: for what never gets that far."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from tee_infra.aws.connection import Connection
from tee_infra.aws.control_locks import Locks
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.core import names
from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.actor import Actor
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.settings import settings_for
from tee_infra.core.target import AwsTarget
from tee_infra.engine import Engine
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.session.checkout import Project
from tee_infra.workflows.session.file_store import FolderStore
from tests.support.emulator import session

NOW = datetime(2026, 12, 1, tzinfo=UTC)
MOTOS_ACCOUNT = "123456789012"
REPOSITORY = "example/tee-admin"


class Moto(Connection):
    """Takes the session that all tests share: reading botocore's models takes longer than most of them."""

    def session(self) -> boto3.Session:
        return session()


def moto_context(endpoint: str, folder: Path, said: list[str]) -> FeatureContext:
    """What it reports goes into `said`. Makes the control table."""
    (folder / "Pulumi.yaml").write_text("name: tee-infra\n")
    connection = Moto(endpoint=endpoint)
    make_control_table(connection)
    items = ControlItems.connect(connection)
    return FeatureContext(
        project=Project(directory=folder),
        host=settings_for(parse_environment("dev"), {"name": "dev", "owner": "platform"}),
        target=AwsTarget(
            account_id=MOTOS_ACCOUNT, region="us-east-1", environment="dev", endpoint=endpoint, provider_port=1
        ),
        connection=connection,
        engine=lambda: Engine(command=folder / "no-engine", version="3.0.0", language_host=None, source="path"),
        environ={},
        backend_variables={},
        secrets_provider=None,
        state=FolderStore(folder / "state"),
        control=ControlTable(items),
        locks=Locks(items),
        actor=Actor(who="ann", where="laptop, process 1"),
        report=said.append,
    )


def make_control_table(connection: Connection) -> None:
    client(connection, "dynamodb").create_table(
        TableName=names.CONTROL_TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
    )


def client(connection: Connection, service: str) -> Any:
    return connection.session().client(service, endpoint_url=connection.endpoint)  # pyright: ignore


def record_of(environment: str, **fields: Any) -> FeatureRecord:
    """A record whose lease of an hour ended an hour before `NOW`."""
    then = NOW - timedelta(hours=2)
    facts = {"repository": REPOSITORY, "branch": environment.replace("-", "/", 1), "owner": "ann", "state": "active"}
    times = {"created_at": then, "last_activity": then, "ttl_seconds": 3600, "deployed_until": NOW - timedelta(hours=1)}
    return FeatureRecord.model_validate({"environment": environment, **facts, **times, **fields})


def tags_of(environment: str) -> dict[str, str]:
    """The tags that the program gives to what it makes for a feature environment."""
    return {
        "tee:environment": environment,
        "tee:managed-by": "pulumi",
        "tee:stack": f"tee-infra/{environment}",
        "tee:expires-at": "2026-11-30T23:00:00Z",
    }


def make_table(dynamodb: Any, name: str, tags: Mapping[str, str], **more: Any) -> None:
    """A table as somebody's hand, or an engine that nobody remembers, makes it."""
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        **more,
    )
