"""Launches: who opens what is licensed in milliseconds, many in one transaction.

`desk.py` is the door: it queues callers by tenant and runs batches. A batch (`batch.py`) reads the
scene under locks, lets the engine decide about each caller in the order of arrival (`turns.py`),
and writes what was given in one statement. What a batch cannot do plainly (delivery through a
group, a person whose other licenses must move too) is done alone (`alone.py`).
"""
