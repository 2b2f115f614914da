"""Where the SDKs would send requests in place of AWS's own hosts: what variables and profile configure."""

from typing import Any, Final

from botocore.configprovider import ConfiguredEndpointProvider

from tee_infra.aws.connection import Connection, aws_errors

SERVICES: Final = (
    "sts", "dynamodb", "s3", "kms", "iam", "ssm", "resourcegroupstaggingapi",
    "logs", "cloudwatch", "events", "sns", "budgets", "cloudtrail",
)  # fmt: skip
"""What the commands and the program use, by boto3's names."""


def configured_endpoints(connection: Connection) -> dict[str, str]:
    """Service -> URL, for each service whose endpoint is configured; the others are at AWS's own.

    Looks where botocore looks, with its own code: variables for one service and for all, and the profile's
    `endpoint_url` and `services`, unless these are to be ignored. Asks no network. Raises `AwsError` for a profile
    that is not there and a file that cannot be read.
    """
    with aws_errors("reading this shell's AWS settings"):
        session: Any = connection.session()._session
        if session.get_config_variable("ignore_configured_endpoint_urls"):
            return {}
        scoped = session.get_scoped_config()
        found = {
            service: ConfiguredEndpointProvider(session.full_config, scoped, service).provide() for service in SERVICES
        }
    return {service: str(url) for service, url in found.items() if url}
