"""License requests: asking, being told before, deciding, and what time does to them.

Locks are taken in the order of every seat mover: policies (shared), groups, lines in the order of
their numbers, held seats, pools, people. What becomes of a line is stored last, under the locks of
the pools, so that whoever asks for the same at this moment waits for nobody who waits for them.
"""
