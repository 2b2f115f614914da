import json

import pytest

from tee_infra.core.codec.expiry import is_expired

NOW = 1_800_000_000.0
YEAR = 365 * 86400


@pytest.mark.parametrize(
    ("value", "expired"),
    [
        ({"N": str(int(NOW) - 1)}, True),
        ({"N": f"{int(NOW) - 1}.5"}, True),
        ({"N": str(int(NOW) - 5 * YEAR + 1)}, True),
        ({"N": str(int(NOW))}, False),
        ({"N": str(int(NOW) + 1)}, False),
        ({"N": str(int(NOW) - 5 * YEAR - 1)}, False),
        ({"N": str(int(NOW * 1000))}, False),
        ({"N": "0"}, False),
        ({"N": "-1"}, False),
        ({"S": str(int(NOW) - 1)}, False),
        ({"NS": [str(int(NOW) - 1)]}, False),
        ({"NULL": True}, False),
        ({"M": {"N": {"N": "1"}}}, False),
        (None, False),
    ],
)
def test_an_item_expires_by_the_rule_of_aws(value: object, expired: bool) -> None:
    item = {"pk": {"S": "a"}} | ({"expiresAt": value} if value else {})
    assert is_expired(json.dumps(item).encode(), "expiresAt", NOW) is expired
    assert not is_expired(json.dumps(item).encode(), None, NOW)
