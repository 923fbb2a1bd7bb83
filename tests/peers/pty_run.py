"""Runs a command on a terminal of its own, and answers its password prompts.

    python3 pty_run.py [PROMPT ANSWER]... -- COMMAND...

An answer is typed when its prompt has been shown and echoing is off. What the terminal showed goes to standard output,
and the exit status is the command's: 125 if a prompt does not come, 124 if nothing happens for a minute. MEANWHILE in the
environment is run by the shell when the first prompt has been shown.
"""

import os
import pty
import select
import sys
import termios
import time

PATIENCE = 60  # seconds

split = sys.argv.index("--")
steps = sys.argv[1:split]
command = sys.argv[split + 1 :]
deadline = time.monotonic() + PATIENCE

child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)

shown = b""
seen = 0  # how much of it belongs to the prompts answered so far


def give_up(status):
    os.kill(child, 9)
    sys.stdout.buffer.write(shown)
    os._exit(sys.stdout.flush() or status)


def read_more(wait):
    """Whether the command still has the terminal open."""
    global shown
    if time.monotonic() > deadline:
        give_up(124)
    if select.select([terminal], [], [], wait)[0]:
        try:
            more = os.read(terminal, 4096)
        except OSError:  # EIO: closed on the other side
            more = b""
        shown += more
        return more != b""
    return True


def echoes():
    return termios.tcgetattr(terminal)[3] & termios.ECHO


for prompt, answer in zip(steps[::2], steps[1::2]):
    while (at := shown.find(prompt.encode(), seen)) < 0:
        if not read_more(1):
            give_up(125)
    seen = at + len(prompt)
    while echoes():
        if not read_more(0.001):
            give_up(125)
    os.system(os.environ.pop("MEANWHILE", "true"))
    os.write(terminal, answer.encode() + b"\n")
while read_more(1):
    pass
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.stdout.buffer.write(shown)
sys.exit(status if status >= 0 else 128 - status)
