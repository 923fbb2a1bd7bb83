"""Runs a command on a terminal of its own, sends it a signal at its password prompt, and sees how it leaves the terminal.

    python3 pty_interrupt.py SIGNAL COMMAND...

The exit status is 0 if the signal ended the command and the terminal is as it was before. With the SIGNAL nohup it is 0 if
the command, which is to ignore SIGHUP, takes a password after that signal; with TSTP, which stops nothing where no shell
could make it go on, if the command asks anew and takes a password then.
"""

import os
import pty
import signal
import sys
import termios

PATIENCE = 60  # seconds

name, command = sys.argv[1], sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    # Whatever the tests themselves were started to ignore, as in the background.
    for number in signal.SIGALRM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP:
        signal.signal(number, signal.SIG_DFL)
    if name == "nohup":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execvp(command[0], command)
signal.alarm(PATIENCE)  # it ends this if nothing happens


def wait_for_prompt():
    shown = b""
    while b"password" not in shown:
        shown += os.read(terminal, 4096)
    if termios.tcgetattr(terminal)[3] & termios.ECHO:
        sys.exit("the prompt echoes")


wait_for_prompt()
if name in ("nohup", "TSTP"):
    if name == "nohup":
        os.kill(child, signal.SIGHUP)
    else:
        os.write(terminal, b"half of it\x1a")
        wait_for_prompt()
    os.write(terminal, b"asdf\rasdf\r")
    status = os.waitpid(child, 0)[1]
    sys.exit(f"ended with status {status}" if status else 0)
if name == "INT":
    os.write(terminal, b"\x03")  # as a user does it
else:
    os.kill(child, getattr(signal, "SIG" + name))
status = os.waitpid(child, 0)[1]
flags = termios.tcgetattr(terminal)[3]
wanted = termios.ECHO | termios.ICANON | termios.ISIG
if flags & wanted != wanted:
    sys.exit("the terminal is left without echo, lines or signals")
if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != getattr(signal, "SIG" + name):
    sys.exit(f"ended with status {status}")
