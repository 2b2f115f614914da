"""The provider as the engine sees it: its gRPC service, with plain dictionaries in and out."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as Packed
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from tee_infra.local import EmbeddedAws
from tee_infra.local.provider.values import decode, encode

Values = dict[str, Any]


class RefusedError(Exception):
    """The provider answered with an error; `left` is the resource it left incomplete, if any."""

    def __init__(self, error: grpc.RpcError) -> None:
        super().__init__(error.details())
        self.left = _left_incomplete(error)


@dataclass
class Diff:
    changed: set[str]
    replaces: set[str]
    delete_first: bool
    detailed: dict[str, str]


class EngineSide:
    """One connection, configured as the engine configures a provider resource."""

    def __init__(self, running: EmbeddedAws, **config: str) -> None:
        self._channel = grpc.insecure_channel(
            f"127.0.0.1:{running.provider_port}", options=[("grpc.use_local_subchannel_pool", 1)]
        )
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.call("Configure", provider_pb2.ConfigureRequest(args=encode(config)))

    def close(self) -> None:
        self._channel.close()

    def call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self.stub, method)(request, timeout=10)
        except grpc.RpcError as error:
            raise RefusedError(error) from None

    def check(self, token: str, news: Values, olds: Values | None = None) -> tuple[Values, dict[str, str]]:
        response = self.call(
            "Check",
            provider_pb2.CheckRequest(urn=urn(token), news=encode(news), olds=encode(olds or {}), randomSeed=b"seed"),
        )
        return decode(response.inputs), {failure.property: failure.reason for failure in response.failures}

    def inputs(self, token: str, news: Values, olds: Values | None = None) -> Values:
        checked, failures = self.check(token, news, olds)
        assert failures == {}
        return checked

    def create(self, token: str, inputs: Values) -> tuple[str, Values]:
        response = self.call("Create", provider_pb2.CreateRequest(urn=urn(token), properties=encode(inputs)))
        return response.id, decode(response.properties)

    def preview(self, token: str, inputs: Values) -> Values:
        request = provider_pb2.CreateRequest(urn=urn(token), properties=encode(inputs), preview=True)
        return decode(self.call("Create", request).properties)

    def diff(self, token: str, made: str, state: Values, inputs: Values, ignored: tuple[str, ...] = ()) -> Diff:
        response = self.call(
            "Diff",
            provider_pb2.DiffRequest(
                urn=urn(token), id=made, olds=encode(state), news=encode(inputs), ignoreChanges=ignored
            ),
        )
        kinds = provider_pb2.PropertyDiff.Kind
        return Diff(
            changed=set(response.diffs),
            replaces=set(response.replaces),
            delete_first=response.deleteBeforeReplace,
            detailed={path: kinds.Name(diff.kind) for path, diff in response.detailedDiff.items()},
        )

    def update(self, token: str, made: str, state: Values, inputs: Values) -> Values:
        request = provider_pb2.UpdateRequest(urn=urn(token), id=made, olds=encode(state), news=encode(inputs))
        return decode(self.call("Update", request).properties)

    def read(self, token: str, made: str, state: Values, inputs: Values) -> tuple[str, Values, Values]:
        request = provider_pb2.ReadRequest(urn=urn(token), id=made, properties=encode(state), inputs=encode(inputs))
        response = self.call("Read", request)
        return response.id, decode(response.properties), decode(response.inputs)

    def delete(self, token: str, made: str, state: Values) -> None:
        self.call("Delete", provider_pb2.DeleteRequest(urn=urn(token), id=made, properties=encode(state)))

    def invoke(self, token: str, **arguments: str) -> Values:
        response = self.call("Invoke", provider_pb2.InvokeRequest(tok=token, args=encode(arguments)))
        return decode(getattr(response, "return"))


def urn(token: str) -> str:
    return f"urn:pulumi:dev::tee::tee:index:DataTables${token}::thing"


def _left_incomplete(error: grpc.RpcError) -> Any:
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            detail: Packed = status_pb2.Status.FromString(value).details[0]
            left = provider_pb2.ErrorResourceInitFailed()
            detail.Unpack(left)
            return left
    return None
