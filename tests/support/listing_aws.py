"""A stand-in for AWS that lists what it is told to, in pages as large as AWS's, and answers as badly as it is told to.

moto serves the same listings in pages of its own; here it is about how many requests a large account takes, and about
answers that moto never gives.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from boto3.dynamodb.types import TypeSerializer
from botocore import xform_name

TABLES_PAGE = 100
TAGGED_PAGE = 100
QUERY_BYTES = 1_000_000

Answer = tuple[int, bytes]
Fault = Callable[[Answer], Answer]


@dataclass
class ListingAws:
    """What there is. `faults`: what happens to the nth answer (from 0) of an operation; `asked`: what was asked for.

    `items` are the control table's by `pk`, as plain values. `clock` is what the `Date` of every answer says.
    """

    tagged: dict[str, dict[str, str]] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: dict[tuple[str, int], Fault] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    endpoint: str = ""

    def answer(self, operation: str, members: dict[str, Any]) -> Answer:
        nth = self.asked.count(operation)
        self.asked.append(operation)
        whole = 200, getattr(self, xform_name(operation))(members).encode()
        return self.faults.get((operation, nth), lambda answer: answer)(whole)

    def get_resources(self, members: dict[str, Any]) -> str:
        assert members["TagFilters"] == [{"Key": "tee:managed-by"}]
        start = int(members.get("PaginationToken") or 0)
        stop = start + min(members["ResourcesPerPage"], TAGGED_PAGE)
        page = islice(self.tagged.items(), start, stop)
        found = [{"ResourceARN": arn, "Tags": pairs(tags)} for arn, tags in page]
        token = str(stop) if stop < len(self.tagged) else ""
        return json.dumps({"ResourceTagMappingList": found, "PaginationToken": token})

    def list_tables(self, members: dict[str, Any]) -> str:
        after = members.get("ExclusiveStartTableName")
        start = self.tables.index(after) + 1 if after else 0
        page = self.tables[start : start + TABLES_PAGE]
        more = {"LastEvaluatedTableName": page[-1]} if start + len(page) < len(self.tables) else {}
        return json.dumps({"TableNames": page} | more)

    def list_roles(self, members: dict[str, Any]) -> str:
        start, stop = int(members.get("Marker", 0)), int(members.get("Marker", 0)) + int(members["MaxItems"])
        roles = "".join(
            f"<member><RoleName>{arn.rsplit('/', 1)[-1]}</RoleName><Arn>{arn}</Arn></member>"
            for arn in self.roles[start:stop]
        )
        more = "<IsTruncated>false</IsTruncated>"
        if stop < len(self.roles):
            more = f"<IsTruncated>true</IsTruncated><Marker>{stop}</Marker>"
        return f"<ListRolesResponse><ListRolesResult><Roles>{roles}</Roles>{more}</ListRolesResult></ListRolesResponse>"

    def query(self, members: dict[str, Any]) -> str:
        items = self.items.get(members["ExpressionAttributeValues"][":pk"]["S"], [])
        after = members["ExclusiveStartKey"]["sk"]["S"] if "ExclusiveStartKey" in members else ""
        start = sum(item["sk"] <= after for item in items)
        page, size = [], 0
        for item in items[start:]:
            wire = {key: TypeSerializer().serialize(value) for key, value in item.items()}
            page.append(wire)
            size += len(json.dumps(wire))
            if size > QUERY_BYTES:
                break
        stop = start + len(page)
        last = {name: page[-1][name] for name in ("pk", "sk")} if page else {}
        return json.dumps(
            {"Items": page, "Count": len(page)} | ({"LastEvaluatedKey": last} if stop < len(items) else {})
        )


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def refusing(status: int, code: str) -> Fault:
    """An error of AWS's, in JSON and in XML at once."""
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"

    def refuse(answer: Answer) -> Answer:
        is_json = answer[1].startswith(b"{")
        return status, json.dumps({"__type": code, "message": "no"}).encode() if is_json else body.encode()

    return refuse


def cut(answer: Answer) -> Answer:
    """Half a body, with a length that agrees."""
    return answer[0], answer[1][: len(answer[1]) // 2]


def replacing(old: bytes, new: bytes) -> Fault:
    def replace(answer: Answer) -> Answer:
        assert old in answer[1]
        return answer[0], answer[1].replace(old, new)

    return replace


@contextmanager
def serve(aws: ListingAws) -> Iterator[ListingAws]:
    """The same, with an endpoint."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: two of them wait for each other

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            target = self.headers.get("x-amz-target")
            if target:
                operation, members = target.rpartition(".")[2], json.loads(body)
            else:
                members = {name: values[0] for name, values in parse_qs(body.decode()).items()}
                operation = members["Action"]
            status, answer = aws.answer(operation, members)
            self.send_response_only(status)
            self.send_header("date", format_datetime(aws.clock(), usegmt=True))
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    aws.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield aws
    finally:
        server.shutdown()
        server.server_close()
