"""
Benchmarks: run by hand, one at a time, on a machine that does nothing else.

Each compares with a peer or a physical limit measured in the same run, prints both and their
ratio, and says in its docstring how. None is a timed test.

    python -m tests.benchmarks.upload_speed     one upload against curl, plain and TLS
    python -m tests.benchmarks.six_at_once      six uploads in one process against six curls
    python -m tests.benchmarks.memory           peak memory against the size of the file
    python -m tests.benchmarks.start_up         commands against `python -c pass`
"""
