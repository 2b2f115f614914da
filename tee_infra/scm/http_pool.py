"""The HTTP client for a code host, by the shell's proxy and certificate variables."""

import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote
from urllib.request import getproxies, proxy_bypass

import certifi
from urllib3 import PoolManager, ProxyManager, Retry, make_headers
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

_PORTS: Final = {"https": 443, "http": 80}


def http_pool(url: str, headers: dict[str, str], seconds: float) -> PoolManager:
    """Connections to the host of `url`. `seconds` are for connecting and for each read.

    Three retries follow if the host cannot be reached or is overloaded, the latter except for POST and PATCH.
    REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE name the certificates to trust, HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY
    the proxy. Raises urllib3's `HTTPError` or `ValueError` for an invalid address of the host or the proxy.
    """
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    options: dict[str, Any] = {
        "headers": make_headers(accept_encoding=True, user_agent="tee-infra") | headers,
        "timeout": seconds,
        "retries": Retry(
            total=3,
            read=0,
            backoff_factor=0.2,
            status_forcelist=[500, 502, 503, 504],
            respect_retry_after_header=False,
            raise_on_status=False,
        ),
        "ca_cert_dir" if Path(bundle).is_dir() else "ca_certs": bundle,
    }
    proxy = _proxy(parse_url(url))
    if proxy is None:
        return PoolManager(**options)
    login = make_headers(proxy_basic_auth=unquote(proxy.auth)) if proxy.auth else None
    return ProxyManager(proxy.url, proxy_headers=login, **options)


def origin(url: str) -> tuple[str | None, str | None, int | None]:
    """Scheme, host and port, the only destination of a token. Raises urllib3's `LocationParseError`."""
    address = parse_url(url)
    return address.scheme, address.host, address.port or _PORTS.get(address.scheme or "")


def _proxy(address: Url) -> Url | None:
    if not address.host or not address.scheme:
        raise LocationParseError(address.url)
    if proxy_bypass(address.netloc or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    return parse_url(proxy if "://" in proxy else f"http://{proxy}") if proxy else None
