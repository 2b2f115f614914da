"""Files in S3: portable backups, and the engine's state."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, Self

from tee_infra.aws.connection import Connection, aws_errors
from tee_infra.aws.pagination import PartialPageError
from tee_infra.errors import UsageError

PREFIX: Final = "s3://"
_SPOOL_BYTES: Final = 16 * 1024 * 1024
_CHUNK_BYTES: Final = 1024 * 1024


class BucketStore:
    """See `tee_infra.workflows.session.file_store.FileStore`: the objects below `s3://bucket/prefix`.

    An object appears when its upload is complete, so no file is ever partial. Raises `AwsError`.
    """

    def __init__(self, client: Any, location: str) -> None:
        bucket, _, prefix = location.removeprefix(PREFIX).strip("/").partition("/")
        if not bucket or not prefix:
            raise UsageError(f"{location}: bucket and prefix are required, e.g. s3://backups/prod-2026-01-01")
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/"
        self.location = f"{PREFIX}{bucket}/{prefix}"

    @classmethod
    def connect(cls, connection: Connection, location: str) -> Self:
        """The place at `location`, with the credentials of `connection`."""
        with aws_errors(f"opening {location}"):
            return cls(connection.session().client("s3", endpoint_url=connection.endpoint), location)

    def names(self, under: str = "") -> list[str]:
        """The names of all objects, or of those below the folder `under`: one request per thousand."""
        pages = self._pages(under)
        return [found["Key"].removeprefix(self._prefix) for page in pages for found in page.get("Contents", ())]

    @contextmanager
    def write(self, name: str) -> Generator[BinaryIO]:
        """A local file to fill, uploaded when the block ends."""
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as file:
            yield file  # pyright: ignore[reportReturnType]  # it has all of BinaryIO since Python 3.11
            file.seek(0)
            with aws_errors(f"writing {self.location}/{name}"):
                self._client.upload_fileobj(file, self._bucket, self._prefix + name)

    @contextmanager
    def read(self, name: str) -> Generator[BinaryIO]:
        """A local copy to read from. Raises `FileNotFoundError`."""
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as file:
            with aws_errors(f"reading {self.location}/{name}"):
                try:
                    found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
                except self._client.exceptions.NoSuchKey:
                    raise FileNotFoundError(f"{self.location}/{name}") from None
                for chunk in found["Body"].iter_chunks(_CHUNK_BYTES):
                    file.write(chunk)
            file.seek(0)
            yield file  # pyright: ignore[reportReturnType]

    def delete(self, name: str) -> None:
        """Remove an object."""
        with aws_errors(f"deleting {self.location}/{name}"):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    def close_to_others(self) -> None:
        """Nothing: who reads the bucket is its policy's decision."""

    def inside(self) -> list["BucketStore"]:
        """The prefixes right below this one."""
        found = [entry["Prefix"] for page in self._pages(Delimiter="/") for entry in page.get("CommonPrefixes", ())]
        return [BucketStore(self._client, f"{PREFIX}{self._bucket}/{prefix}") for prefix in found]

    def _pages(self, under: str = "", **members: str) -> list[dict[str, Any]]:
        prefix = f"{self._prefix}{under}/" if under else self._prefix
        what = f"listing {self.location}"
        with aws_errors(what):
            paginator = self._client.get_paginator("list_objects_v2")
            pages = list(paginator.paginate(Bucket=self._bucket, Prefix=prefix, **members))
        if pages[-1].get("IsTruncated"):
            raise PartialPageError(what, "an answer announces a further page without a token for it")
        return pages
