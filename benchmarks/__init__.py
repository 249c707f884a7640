"""Speed and quality beside targets and peers; not part of the test run.

`python -m benchmarks [suite ...]` runs suites, prints their figures and writes `benchmarks/results/<suite>.json`. A
suite is a module of this package with `measure() -> list[Figure]`. Programs are compared in one process, taking
turns, by the median of their CPU seconds. A figure that falls short is reported as it is.
"""
