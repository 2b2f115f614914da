"""A small model of a switch: an operator and two clients, every interleaving, searched to the end.

Time is in ticks. A client's write lands within `IN_FLIGHT` of being sent; a write of the pointer lands at any time,
also after its sender has died. A client tries to end a drain whenever it likes, because its clock may be wrong by any
amount. The clients' rules are `tee_infra.client.lease`'s own, with shorter leases.
"""

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tee_infra.client.lease import Leases, Pointer, ended, has_moved

OLD, NEW = "prod", "prod-v2"
LEASES = Leases(long=3, short=1)
IN_FLIGHT = 1
ORDER = ("prepare", "wait long", "drain begins", "wait short", "drain", "record", "flip")
POINTER_STEPS = {"prepare": ("PREPARING", OLD), "drain begins": ("DRAINING", OLD), "flip": ("ACTIVE", NEW)}
WAITS = {"wait long": LEASES.long + IN_FLIGHT, "wait short": LEASES.short + IN_FLIGHT}


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What is changed to break it: the operator's order, the clients' leases, the writes without a condition.

    `late`: a client's write may take any time. Its client asks the pointer before it takes the answer for an
    acknowledgement, unless it is `careless`. Only one client writes then, or there would be too many worlds.
    """

    order: tuple[str, ...] = ORDER
    leases: Leases = LEASES
    unconditional: str = ""
    late: bool = False
    careless: bool = False


class Client(NamedTuple):
    """`view`: the pointer as last read, `age` ticks ago. `write`: its one write, and where it is."""

    view: Pointer | None = None
    age: int = 0
    write: str = "not sent"  # in flight to OLD or NEW; landed in old, copied, landed in new, missed by the reverse
    began: Pointer | None = None  # of a late write that is not acknowledged
    flown: int = 0
    tried: bool = False  # to end a drain


class Message(NamedTuple):
    """A write of the pointer on its way."""

    kind: str
    expected: int
    after: Pointer


class World(NamedTuple):
    """`step` of the operator, which is beyond the order once it is done or dead; `sent`: it awaits an answer."""

    pointer: Pointer = Pointer(0, "ACTIVE", OLD)
    step: int = 0
    sent: bool = False
    elapsed: float = 0
    epoch: int = 0
    recorded: bool = False
    messages: frozenset[Message] = frozenset()
    clients: tuple[Client, ...] = (Client(), Client())


class Outcome(NamedTuple):
    """The first violation and the moves that lead to it, or None; the worlds that were reached."""

    problem: str | None
    way: list[str]
    worlds: Collection[World]


def search(protocol: Protocol) -> Outcome:
    """Reach every world, the nearest first, until one has a violation."""
    first = World(clients=(Client(), Client(write="copied"))) if protocol.late else World()
    came_from: dict[World, tuple[World, str] | None] = {first: None}
    queue = deque([first])
    while queue:
        world = queue.popleft()
        if problem := violation(world, protocol):
            return Outcome(problem, _way(world, came_from), came_from)
        for name, after in moves(world, protocol):
            plain = _plain(after, protocol)
            if plain not in came_from:
                came_from[plain] = world, name
                queue.append(plain)
    return Outcome(None, [], came_from)


def violation(world: World, protocol: Protocol) -> str | None:
    """The rule that the world breaks."""
    open_slots = {
        client.view.slot for client in world.clients if client.view and protocol.leases.permit(client.view, client.age)
    }
    if not protocol.late:
        open_slots |= {client.write for client in world.clients if client.write in (OLD, NEW)}
    if len(open_slots) > 1:
        return "doubly open"
    for client in world.clients:
        if client.write == "landed in old" and client.began is None and world.pointer.slot == NEW:
            return "lost"
        if client.write == "missed by the reverse":
            return "lost by a rollback"
    return None


def moves(world: World, protocol: Protocol) -> Iterator[tuple[str, World]]:
    """Every next world, with the name of the move."""
    if protocol.late or all(client.flown < IN_FLIGHT for client in world.clients):
        yield "tick", _tick(world, protocol)
    for message in world.messages:
        yield f"the {message.kind} lands", _land(world, message, protocol)
    yield from _operator(world, protocol)
    for number, client in enumerate(world.clients):
        for name, after, messages in _client(world, client, protocol):
            others = world.clients[1 - number]
            yield f"{number}: {name}", world._replace(clients=(after, others), messages=world.messages | messages)


def _tick(world: World, protocol: Protocol) -> World:
    clients = tuple(
        client._replace(age=client.age + 1, flown=client.flown + (client.write in (OLD, NEW) and not protocol.late))
        for client in world.clients
    )
    return world._replace(clients=clients, elapsed=min(world.elapsed + 1, WAITS["wait long"]))


def _land(world: World, message: Message, protocol: Protocol) -> World:
    holds = world.pointer.epoch == message.expected or message.kind == protocol.unconditional
    world = world._replace(messages=world.messages - {message}, pointer=message.after if holds else world.pointer)
    awaited = world.sent and world.step < len(protocol.order) and protocol.order[world.step] == message.kind
    if not awaited:
        return world
    if not holds:
        return _gone(world, protocol)
    return world._replace(step=world.step + 1, sent=False, elapsed=0, epoch=message.after.epoch)


def _gone(world: World, protocol: Protocol) -> World:
    return world._replace(step=len(protocol.order), sent=False, elapsed=0, epoch=0)


def _operator(world: World, protocol: Protocol) -> Iterator[tuple[str, World]]:
    if world.step == len(protocol.order):
        return
    yield "the operator dies", _gone(world, protocol)
    step = protocol.order[world.step]
    if world.epoch and protocol.order.index("flip") >= world.step:
        abort = Message("abort", world.epoch, Pointer(world.epoch + 1, "ACTIVE", OLD))
        yield "the operator aborts", _gone(world, protocol)._replace(messages=world.messages | {abort})
    if step in POINTER_STEPS and not world.sent:
        message = Message(step, world.epoch, Pointer(world.epoch + 1, *POINTER_STEPS[step]))
        yield f"the operator sends the {step}", world._replace(sent=True, messages=world.messages | {message})
    elif step in WAITS and world.elapsed >= WAITS[step]:
        yield step, world._replace(step=world.step + 1)
    elif step == "drain":
        copied = (
            client._replace(write="copied") if client.write == "landed in old" else client for client in world.clients
        )
        yield step, world._replace(step=world.step + 1, clients=tuple(copied))
    elif step == "record":
        yield step, world._replace(step=world.step + 1, recorded=True)


def _client(world: World, client: Client, protocol: Protocol) -> Iterator[tuple[str, Client, set[Message]]]:
    if client.view != world.pointer or client.age:
        yield "reads the pointer", client._replace(view=world.pointer, age=0), set()
    if client.write in (OLD, NEW):
        yield f"its write lands in {client.write}", client._replace(write=_landed(world, client), flown=0), set()
    view = client.view
    if view is None:
        return
    permitted = protocol.leases.permit(view, client.age)
    if client.write == "not sent" and permitted:
        began = view if protocol.late else None
        yield f"sends a write to {view.slot}", client._replace(write=view.slot, began=began), set()
    if client.began and client.write not in (OLD, NEW) and (permitted or protocol.careless):
        uncertain = has_moved(client.began, view) and not protocol.careless
        answered = client._replace(write="uncertain" if uncertain else client.write, began=None)
        yield "takes the answer", answered, set()
    if view.state == "DRAINING" and not client.tried:
        message = Message("end of the drain", view.epoch, ended(view))
        yield "sends the end of the drain", client._replace(tried=True), {message}


def _landed(world: World, client: Client) -> str:
    if client.write == OLD:
        return "landed in old"
    return "landed in new" if world.recorded else "missed by the reverse"


def _plain(world: World, protocol: Protocol) -> World:
    """One form for worlds that no rule tells apart: expired views are forgotten, and the clients have no order."""
    clients = []
    for client in world.clients:
        if client.view is not None and client.view.state == "DRAINING":
            clients.append(client._replace(age=0))
        elif client.view is not None and not protocol.leases.permit(client.view, client.age):
            clients.append(client._replace(view=None, age=0))
        else:
            clients.append(client if client.view is not None else client._replace(age=0))
    waits = world.step < len(protocol.order) and protocol.order[world.step] in WAITS
    return world._replace(clients=tuple(sorted(clients, key=_rank)), elapsed=world.elapsed if waits else 0)


def _rank(client: Client) -> tuple[object, ...]:
    pointers = (client.view, client.began)
    return (*((each.epoch, each.slot) if each else (-1, "") for each in pointers), client.age, client.write, client[4:])


def _way(world: World, came_from: dict[World, tuple[World, str] | None]) -> list[str]:
    names: list[str] = []
    while (step := came_from[world]) is not None:
        world, name = step
        names.append(name)
    return names[::-1]
