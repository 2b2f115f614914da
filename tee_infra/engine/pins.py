"""The version and the sources of a built CLI: the pinned Go module beside this file."""

import hashlib
import re
from pathlib import Path

MODULE = Path(__file__).parent / "gomod"
CLI_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"


def built_version() -> str:
    """The version that go.mod pins, for example `3.259.0`."""
    go_mod = (MODULE / "go.mod").read_text(encoding="utf-8")
    return re.findall(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", go_mod)[0]


def fingerprint() -> str:
    """Changes when any module that goes into the CLI changes: SHA-256 of go.mod and go.sum, 64 hex digits."""
    return hashlib.sha256(b"".join((MODULE / name).read_bytes() for name in ("go.mod", "go.sum"))).hexdigest()
