"""Portable backups in S3."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from tee_infra.errors import RemoteError, UsageError

PREFIX = "s3://"
_SPOOL_BYTES = 16 * 1024 * 1024


class BucketError(RemoteError):
    """S3 refused or did not answer."""

    def __init__(self, location: str, reason: str) -> None:
        self.location = location
        super().__init__(f"{location}: {reason}")


class BucketStore:
    """See `tee_infra.workflows.backup_store.BackupStore`: the objects below `s3://bucket/prefix`.

    An object appears when its upload is complete, so nothing is ever half there. Raises `BucketError`.
    """

    def __init__(self, client: Any, location: str) -> None:
        bucket, _, prefix = location.removeprefix(PREFIX).strip("/").partition("/")
        if not bucket or not prefix:
            raise UsageError(f"{location}: say bucket and prefix, as in s3://backups/prod-2026-01-01")
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/"
        self.location = f"{PREFIX}{bucket}/{prefix}"

    def names(self) -> list[str]:
        """The names of all objects below the prefix."""
        with self._asking():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            return [found["Key"].removeprefix(self._prefix) for page in pages for found in page.get("Contents", ())]

    @contextmanager
    def write(self, name: str) -> Generator[BinaryIO]:
        """A local file to fill, uploaded when the block ends."""
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as file:
            yield file  # pyright: ignore[reportReturnType]  # it has all of BinaryIO since Python 3.11
            file.seek(0)
            with self._asking():
                self._client.upload_fileobj(file, self._bucket, self._prefix + name)

    @contextmanager
    def read(self, name: str) -> Generator[BinaryIO]:
        """A local copy to read from."""
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as file:
            try:
                with self._asking():
                    self._client.download_fileobj(self._bucket, self._prefix + name, file)
            except BucketError as error:
                if isinstance(error.__context__, ClientError) and "404" in str(error.__context__):
                    raise FileNotFoundError(f"{self.location}/{name}") from None
                raise
            file.seek(0)
            yield file  # pyright: ignore[reportReturnType]

    def delete(self, name: str) -> None:
        """Remove an object."""
        with self._asking():
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    def inside(self) -> list["BucketStore"]:
        """The prefixes right below this one."""
        with self._asking():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
            )
            found = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", ())]
        return [BucketStore(self._client, f"{PREFIX}{self._bucket}/{prefix}") for prefix in found]

    @contextmanager
    def _asking(self) -> Generator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise BucketError(self.location, " ".join(str(error).split())) from error
