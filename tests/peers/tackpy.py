"""Runs tackpy's source tree, as it is, under today's Python.

    python3 tackpy.py TREE [--now SECONDS] ARGUMENT...

Python 3.11 took the "U" out of open()'s modes, which tackpy uses. --now sets the clock that tackpy sees, in seconds since
1970-01-01T00:00:00Z. tackpy cannot use OpenSSL since 1.1.0, and falls back to its own cryptography in Python.
"""

import builtins
import os
import runpy
import sys
import time

builtin_open = builtins.open


def open_without_u(file, mode="r", *args, **kwargs):
    return builtin_open(file, mode.replace("U", ""), *args, **kwargs)


tree = sys.argv[1]
arguments = sys.argv[2:]
if arguments[:1] == ["--now"]:
    now = float(arguments[1])
    time.time = lambda: now
    arguments = arguments[2:]
builtins.open = open_without_u
script = os.path.join(tree, "tack.py")
sys.path[0] = tree
sys.argv = [script, *arguments]
runpy.run_path(script, run_name="__main__")
