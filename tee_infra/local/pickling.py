"""Pickles of moto's backends: plain pickle, and rules for the few objects in them that it does not support."""

import io
import marshal
import pickle
import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from types import FunctionType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

LOCK, REENTRANT_LOCK = type(threading.Lock()), type(threading.RLock())


def dumps(value: object) -> bytes:
    """Return `value` as a pickle. Raises TypeError, AttributeError or PicklingError for an object without a rule."""
    content = io.BytesIO()
    _Pickler(content, pickle.HIGHEST_PROTOCOL).dump(value)
    return content.getvalue()


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, LOCK):
            return threading.Lock, ()
        if isinstance(obj, REENTRANT_LOCK):
            return threading.RLock, ()
        if isinstance(obj, defaultdict) and type(obj) is not defaultdict:  # its __init__ wants other arguments
            made = (_new_defaultdict, (type(obj), obj.default_factory))
            return *made, obj.__dict__, None, iter(obj.items())
        if isinstance(obj, FunctionType) and "<locals>" in obj.__qualname__ and obj.__closure__ is None:
            return _new_function, (obj.__module__, marshal.dumps(obj.__code__))
        if isinstance(obj, (RSAPrivateKey, EllipticCurvePrivateKey)):  # keys of KMS
            return _new_private_key, (obj.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),)
        return NotImplemented


def _new_defaultdict(kind: type[defaultdict[Any, Any]], factory: Callable[[], Any] | None) -> defaultdict[Any, Any]:
    made = kind.__new__(kind)
    defaultdict.__init__(made, factory)
    return made


def _new_function(module: str, code: bytes) -> FunctionType:
    __import__(module)
    return FunctionType(marshal.loads(code), sys.modules[module].__dict__)  # noqa: S302


def _new_private_key(content: bytes) -> PrivateKeyTypes:
    return load_der_private_key(content, password=None)
