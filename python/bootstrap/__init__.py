"""Sets a fresh checkout up: environment, packages, compiler, contracts, replica.

Runs on the system's Python before any virtual environment exists, so it imports the standard library only.
``__main__``, ``console`` and ``interpreter`` keep to what Python 3.8 runs: an interpreter that is too old or
too new gets a sentence, no traceback. The rest runs on the interpreter that they find.
"""
