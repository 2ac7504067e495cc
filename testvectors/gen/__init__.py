"""The parts of the test vector generator; generate.py is the entry."""
