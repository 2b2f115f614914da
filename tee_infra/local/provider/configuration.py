"""The configuration of one provider resource, read like the real provider's, and limited to the embedded AWS."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tee_infra.local.pidfile import ACCOUNT_ID, REGION
from tee_infra.local.provider.schema import Failure, Values
from tee_infra.local.provider.values import UNKNOWN, document


class ConfigurationRefusedError(Exception):
    """The provider cannot be used as configured."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The relevant part of a provider's configuration."""

    region: str = REGION
    default_tags: Mapping[str, str] = field(default_factory=dict[str, str])


def configure(given: Values) -> Configuration:
    """Return the configuration in `given`, whose structured values are JSON text.

    Raises ConfigurationRefusedError for an account that is not the embedded one and for a foreign endpoint.
    """
    settings = {name: document(value) for name, value in given.items()}
    failures = endpoint_failures(given)
    if failures:
        raise ConfigurationRefusedError(failures[0].reason)
    allowed, forbidden = settings.get("allowedAccountIds"), settings.get("forbiddenAccountIds")
    if (_strings(allowed) and ACCOUNT_ID not in _strings(allowed)) or ACCOUNT_ID in _strings(forbidden):
        raise ConfigurationRefusedError(f"AWS account ID not allowed: {ACCOUNT_ID}")
    tags = settings.get("defaultTags")
    return Configuration(
        region=_text(settings.get("region")) or REGION,
        default_tags=tags.get("tags", {}) if isinstance(tags, dict) else {},
    )


def endpoint_failures(given: Values) -> list[Failure]:
    """Return one failure per configured endpoint that is not on loopback."""
    groups = document(given.get("endpoints"))
    return [
        Failure(
            path=f"endpoints[{place}].{service}",
            reason=f"the embedded AWS sends requests to loopback only, not to {url}: remove the endpoint of {service}",
        )
        for place, group in enumerate(groups if isinstance(groups, list) else [])
        for service, url in group.items()
        if url is not UNKNOWN and not _on_loopback(str(url))
    ]


def _on_loopback(url: str) -> bool:
    host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _strings(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(element) for element in value]
    return [] if value in (None, "", UNKNOWN) else [str(value)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
