"""What happens to a simulated replication: drawn from the seed, half of the time aimed at a narrow moment."""

from dataclasses import dataclass
from random import Random

from tests.support.cutover_operator import IN_FLIGHT, Faults


@dataclass(frozen=True)
class Events:
    """Moments in virtual seconds until `length`; then all is quiet. `crashes` are numbers of requests, one per life.

    `delay` is the longest until a stream record can be read.
    """

    length: float
    writes: list[float]
    faults: Faults
    delay: float
    repairs: list[float]
    splits: list[float]
    trims: list[float]
    validations: list[float]
    crashes: list[int]


def draw_events(random: Random) -> Events:
    """The events of one run."""
    return random.choice((anything, anything, around_the_copy, around_repairs))(random)


def anything(random: Random) -> Events:
    """Everything at any moment."""
    length = random.uniform(2, 10)

    def moments(*numbers: int) -> list[float]:
        return [random.uniform(0, length) for _ in range(random.choice(numbers))]

    return Events(
        length,
        moments(1, 5, 20),
        Faults(*(random.choice((0, 0.05, 0.25)) for _ in range(4))),
        random.choice((0.01, 0.4)),
        repairs=moments(0, 0, 1, 5),
        splits=moments(0, 1, 2, 3),
        trims=moments(0, 0, 0, 1, 2),
        validations=moments(0, 0, 1),
        crashes=[random.randint(1, 40) for _ in range(random.choice((0, 1, 2, 4)))],
    )


def around_the_copy(random: Random) -> Events:
    """Few writes while the bulk copy's lost puts are late."""
    begin = IN_FLIGHT + random.uniform(0, 0.5)
    writes = [begin + random.uniform(0, 1.5) for _ in range(random.randint(1, 3))]
    return Events(5.0, writes, Faults(lose=0.4), 0.01, [], [], [], [], [])


def around_repairs(random: Random) -> Events:
    """Each write shortly after repairs have begun, while some answers are slow."""
    writes = [7 + 2 * number for number in range(random.randint(1, 3))]
    repairs = [moment - random.uniform(0, 0.3) for moment in writes for _ in range(4)]
    crashes = [random.randint(10, 30)] if random.random() < 0.2 else []
    return Events(
        writes[-1] + 1.5, writes, Faults(slow=0.4, lose=random.choice((0, 0.3))), 0.01, repairs, [], [], [], crashes
    )
