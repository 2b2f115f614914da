import pickle
import threading
from collections import defaultdict
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tee_infra.local.pickling import dumps


class Parameters(defaultdict[str, list[str]]):
    def __init__(self, region: str) -> None:
        super().__init__(list)
        self.region = region


def local_function() -> Any:
    return lambda: ["made"]


def again(value: Any) -> Any:
    return pickle.loads(dumps(value))


def test_locks_come_back_open() -> None:
    lock, reentrant = again((threading.Lock(), threading.RLock()))
    assert lock.acquire(blocking=False)
    assert reentrant.acquire(blocking=False)


def test_a_defaultdict_of_moto_keeps_items_attributes_and_factory() -> None:
    parameters = Parameters("us-east-1")
    parameters["a"].append("b")
    kept = again(parameters)
    assert (dict(kept), kept.region, kept["new"]) == ({"a": ["b"]}, "us-east-1", [])


def test_a_local_function_comes_back() -> None:
    assert again(defaultdict(local_function()))["x"] == ["made"]


def test_private_keys_come_back() -> None:
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())):
        assert again(key).private_numbers() == key.private_numbers()


def test_what_has_no_rule_is_refused() -> None:
    with pytest.raises(TypeError):
        dumps(iter(threading.local().__dict__ for _ in "x"))
