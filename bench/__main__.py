"""`make bench`: every benchmark, one table each."""

from bench import cleanup, commands, data, destroys, features, simulation, switch, tail, workplace

if __name__ == "__main__":
    commands.run()
    print()
    features.run()
    print()
    destroys.run()
    print()
    data.compare(items=50_000, only="", runs=3, plain=False)
    data.throttle(limit=4_000, items=20_000)
    print()
    tail.run(items=20_000)
    print()
    workplace.run(items=20_000, before=None)
    print()
    cleanup.run(count=100_000, environments=1_000)
    print()
    simulation.run(simulation.REPLICATION, range(10_000))
    simulation.run(simulation.SWITCH, range(500))
    print()
    switch.run(seeds=range(3), local=False)
