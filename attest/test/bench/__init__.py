"""The parts of the test chain and of its liars; chain.py, liar.py and bench_check.py are the entries."""
