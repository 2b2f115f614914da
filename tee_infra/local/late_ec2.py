"""moto's SSM imports all of EC2 for commands to instances, which take a second of CPU and 120 MB and are not used here.

With this it imports EC2 when such a command comes (moto 5.2.5, `Command._get_instance_ids_from_targets`).
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final, cast

EC2: Final = "moto.ec2"


class _Backends:
    """In place of `moto.ec2.ec2_backends`."""

    def __getitem__(self, account_id: str) -> Any:
        return import_module(EC2).ec2_backends[account_id]


def apply() -> None:
    """Import moto's SSM without EC2, unless something else has imported that already."""
    if EC2 in sys.modules:
        return
    stand_in = ModuleType(EC2)
    cast("Any", stand_in).ec2_backends = _Backends()
    sys.modules[EC2] = stand_in
    try:
        import_module("moto.ssm.models")
    finally:
        del sys.modules[EC2]
