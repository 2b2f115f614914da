"""`make bench`: every benchmark, one table each."""

from bench import commands

if __name__ == "__main__":
    commands.run()
