"""The embedded AWS: a moto server and a small `aws` provider for Pulumi, in one process on loopback.

`start` leaves that process in the background and returns its ports and credentials; its contents are kept in
`directory`, so that they survive `stop` and `start`. Importing this package is cheap: moto, boto3, grpc and pulumi load
where used.

In the order of a run: `lifecycle`, `private_files`, `user_key`, `ports`, `pidfile`, then in the process `server`,
`credentials`, `clock`, `moto_patches` (`compact_items`, `item_json`, `stream_records`, `stream_shards`,
`sorted_items`, `packed_tables`, `transactions`, `item_refusals`, `stream_requests`, `late_ec2`), `snapshot` (`sealed`,
`pickling`), and for each request `door`, `signatures`, `request_lock`, `controls` (`expiry`), `data_requests`
(`faults`, `share`, `late_writes`, `throttling`, `table_policies`); `peers` and `provider` for the engine's. Commands
send `control_request`. `errors` are everybody's.
"""

from collections.abc import Mapping

from tee_infra.local.control_request import ControlRefusedError, send_control
from tee_infra.local.errors import DirectoryBusyError, NoFreePortError, PortInUseError, StartFailedError
from tee_infra.local.lifecycle import start, status, stop
from tee_infra.local.pidfile import ACCOUNT_ID, EmbeddedAws
from tee_infra.local.private_files import write_whole as write_private
from tee_infra.local.user_key import KeyRefusedError

__all__ = [
    "ACCOUNT_ID",
    "ControlRefusedError",
    "DirectoryBusyError",
    "EmbeddedAws",
    "KeyRefusedError",
    "NoFreePortError",
    "PortInUseError",
    "StartFailedError",
    "emulated_types",
    "send_control",
    "shell_environment",
    "start",
    "state_only_types",
    "status",
    "stop",
    "write_private",
]


def shell_environment(running: EmbeddedAws) -> Mapping[str, str]:
    """Return the variables with which `pulumi` and every AWS SDK send requests only to `running`."""
    return {
        "AWS_ENDPOINT_URL": running.endpoint,
        "AWS_ACCESS_KEY_ID": running.access_key,
        "AWS_SECRET_ACCESS_KEY": running.secret_key,
        "AWS_REGION": running.region,
        "AWS_DEFAULT_REGION": running.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PULUMI_DEBUG_PROVIDERS": f"aws:{running.provider_port}",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def emulated_types() -> tuple[str, ...]:
    """Return the resource types that exist on the embedded AWS, as Pulumi tokens, sorted."""
    from tee_infra.local.provider.registry import RESOURCE_TYPES  # noqa: PLC0415  # not needed to print help

    return tuple(sorted(token for token, kind in RESOURCE_TYPES.items() if not kind.recorded_only))


def state_only_types() -> tuple[str, ...]:
    """Return the resource types that exist only in the stack's state, as Pulumi tokens, sorted."""
    from tee_infra.local.provider.registry import RESOURCE_TYPES  # noqa: PLC0415  # not needed to print help

    return tuple(sorted(token for token, kind in RESOURCE_TYPES.items() if kind.recorded_only))
