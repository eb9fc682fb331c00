"""Speed of the engine against other solvers at equal measured error, and against a roofline.

python -m tests.benchmarks              # from the repository's root: the table of ratios
pytest tests/benchmarks                 # import, first call and steady state, with pytest-benchmark
"""
