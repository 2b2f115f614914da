"""Pulumi's provider service over gRPC: the engine's requests, translated for `operations` and back."""

import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, TypeVar, cast

import grpc
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.empty_pb2 import Empty

from tee_infra.local.credentials import Credentials
from tee_infra.local.peers import ForeignPeerError, require_own_peer
from tee_infra.local.pidfile import LOOPBACK
from tee_infra.local.provider import configuration, operations, validate, values
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.configuration import Configuration
from tee_infra.local.provider.functions import FUNCTIONS
from tee_infra.local.provider.messages import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from tee_infra.local.provider.registry import RESOURCE_TYPES
from tee_infra.local.provider.schema import Failure, ResourceType, Values

VERSION = "7.51.1"
WORKERS = 16
Method = TypeVar("Method", bound=Callable[..., Any])


def serve(endpoint: str, port: int, credentials: Credentials) -> grpc.Server:
    """Serve the provider on loopback, for the moto server at `endpoint`, to this user's own programs.

    Raises RuntimeError when `port` is taken.
    """
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=[("grpc.so_reuseport", 0)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(endpoint, port, credentials), server)
    server.add_insecure_port(f"{LOOPBACK}:{port}")
    server.start()
    return server


def answered(answer: Method) -> Method:
    """Turn an operation's error into the status that the engine reads."""

    def wrapped(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            require_own_peer(context.peer(), self.port)
            return answer(self, request, context)
        except ForeignPeerError as error:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, str(error))
        except operations.IncompleteError as incomplete:
            _abort_incomplete(context, incomplete)
        except (operations.OperationFailedError, configuration.ConfigurationRefusedError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except _UnknownTypeError as error:
            context.abort(grpc.StatusCode.NOT_FOUND, str(error))
        except Exception as error:  # a bug must be logged and reported
            traceback.print_exc()
            context.abort(grpc.StatusCode.INTERNAL, f"the embedded AWS failed ({error!r}); see its log")

    return cast("Method", wrapped)


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The `aws` provider.

    One process serves every provider resource of every stack. The engine opens a connection for each and configures
    it first, so a configuration belongs to its connection.
    """

    def __init__(self, endpoint: str, port: int, credentials: Credentials) -> None:
        self.port = port
        self._endpoint, self._credentials = endpoint, credentials
        self._configurations: dict[str, Configuration] = {}

    @answered
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802, ARG002
        failures = configuration.endpoint_failures(values.decode(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))

    @answered
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802, ARG002
        old, new = values.decode(request.old_inputs), values.decode(request.news)
        changed = sorted(
            name for name in old.keys() | new.keys() if old.get(name) != new.get(name) and name != "version"
        )
        moved = [name for name in changed if name == "region"]
        return provider_pb2.DiffResponse(changes=_changes(bool(changed)), diffs=changed, replaces=moved)

    @answered
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        given = values.decode(request.args) or {
            name.removeprefix("aws:config:"): value for name, value in request.variables.items()
        }
        self._configurations[context.peer()] = configuration.configure(given)
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    @answered
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        if request.tok not in FUNCTIONS:
            raise _UnknownTypeError("function", request.tok)
        result = FUNCTIONS[request.tok](self._aws(context), values.decode(request.args))
        response: Any = {"return": values.encode(result)}
        return provider_pb2.InvokeResponse(**response)

    @answered
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        inputs, failures = validate.check(
            _type_of(request.urn),
            values.decode(request.news),
            olds=values.decode(request.olds),
            name=request.urn.rpartition("::")[2],
            seed=request.randomSeed,
            default_tags=self._configuration(context).default_tags,
        )
        return provider_pb2.CheckResponse(inputs=values.encode(inputs), failures=_failures(failures))

    @answered
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802, ARG002
        kind, inputs = _type_of(request.urn), values.decode(request.news)
        plan = operations.plan(kind, values.decode(request.olds), inputs, tuple(request.ignoreChanges))
        detailed = {difference.path: _property_diff(difference) for difference in plan.differences}
        return provider_pb2.DiffResponse(
            changes=_changes(bool(plan.differences)),
            diffs=sorted({difference.property for difference in plan.differences}),
            replaces=sorted({difference.property for difference in plan.differences if difference.replaces}),
            deleteBeforeReplace=plan.replaces and plan.delete_first,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    @answered
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        kind, inputs = _type_of(request.urn), values.decode(request.properties)
        aws = self._aws(context, inputs)
        if request.preview:
            return provider_pb2.CreateResponse(properties=values.encode(operations.preview_create(kind, aws, inputs)))
        made, state = operations.create(kind, aws, inputs)
        return provider_pb2.CreateResponse(id=made, properties=values.encode(state))

    @answered
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        kind, state = _type_of(request.urn), values.decode(request.properties)
        found = operations.read(kind, self._aws(context, state), request.id, state, values.decode(request.inputs))
        if found is None:
            return provider_pb2.ReadResponse()
        state, inputs = found
        return provider_pb2.ReadResponse(id=request.id, properties=values.encode(state), inputs=values.encode(inputs))

    @answered
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        kind, old, inputs = _type_of(request.urn), values.decode(request.olds), values.decode(request.news)
        ignored = tuple(request.ignoreChanges)
        if request.preview:
            state = operations.preview_update(kind, old, inputs, ignored)
        else:
            state = operations.update(
                kind, self._aws(context, old), request.id, old=old, inputs=inputs, ignored=ignored
            )
        return provider_pb2.UpdateResponse(properties=values.encode(state))

    @answered
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        state = values.decode(request.properties)
        operations.delete(_type_of(request.urn), self._aws(context, state), request.id, state)
        return Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802, ARG002
        return plugin_pb2.PluginInfo(version=VERSION)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802, ARG002
        return Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802, ARG002
        return Empty()  # every call here ends within milliseconds

    def GetMapping(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802, ARG002
        return provider_pb2.GetMappingResponse()

    def _aws(self, context: grpc.ServicerContext, resource: Values | None = None) -> Aws:
        region = (resource or {}).get("region")
        region = region if isinstance(region, str) else self._configuration(context).region
        return Aws(self._endpoint, region, self._credentials)

    def _configuration(self, context: grpc.ServicerContext) -> Configuration:
        configured = self._configurations.get(context.peer())
        if configured is None:
            raise configuration.ConfigurationRefusedError("the provider was used before it was configured")
        return configured


class _UnknownTypeError(Exception):
    def __init__(self, what: str, token: str) -> None:
        super().__init__(
            f"the embedded AWS does not support the {what} {token}: it has {len(RESOURCE_TYPES)} resource types"
            f" and {len(FUNCTIONS)} functions, listed in docs/local.md"
        )


def _type_of(urn: str) -> ResourceType:
    token = urn.split("::")[2].rpartition("$")[2]
    if token not in RESOURCE_TYPES:
        raise _UnknownTypeError("resource type", token)
    return RESOURCE_TYPES[token]


def _failures(failures: list[Failure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=failure.path, reason=failure.reason) for failure in failures]


def _changes(some: bool) -> Any:
    return provider_pb2.DiffResponse.DIFF_SOME if some else provider_pb2.DiffResponse.DIFF_NONE


def _property_diff(difference: operations.Difference) -> provider_pb2.PropertyDiff:
    name = f"{difference.kind.upper()}{'_REPLACE' if difference.replaces else ''}"
    return provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.Kind.Value(name))


def _abort_incomplete(context: grpc.ServicerContext, incomplete: operations.IncompleteError) -> NoReturn:
    detail = Packed()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=incomplete.id,
            properties=values.encode(incomplete.state),
            inputs=values.encode(incomplete.inputs),
            reasons=[incomplete.reason],
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=incomplete.reason, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, incomplete.reason)
