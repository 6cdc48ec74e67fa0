"""What visitors, hostile and many, can do to a real server: measured against figures that were set beforehand.

python -m robustness, or make robustness, starts app.py with the shipped weights on this machine alone, calls its
endpoints over HTTP, prints a table and writes robustness/results/PROCESSOR.json. T1 to T26 are names of tests.
"""
