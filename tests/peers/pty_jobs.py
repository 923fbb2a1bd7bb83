"""Runs a command in a shell with job control, stops it at its password prompt, and has it go on.

    python3 pty_jobs.py HOW COMMAND...

HOW says what stops it: Z (Ctrl-Z), TSTP, STOP (those signals, sent), or background (it is started there). The command is to
ask for a new password, twice. The exit status is 0 if at every prompt of the shell the terminal echoes, at every prompt of
the command it does not, the command goes on at its prompt, and no part of an answer reaches the shell.
"""

import os
import pty
import select
import shlex
import signal
import sys
import termios
import time

PATIENCE = 60  # seconds
SHELL_PROMPT = "\nshell> "
PASSWORD = "a password"
HALF = "half of "

how, command = sys.argv[1], shlex.join(sys.argv[2:])
deadline = time.monotonic() + PATIENCE
shown = ""
seen = 0  # how much of it has been waited for

shell, terminal = pty.fork()
if shell == 0:
    for number in range(1, signal.NSIG):
        if number not in (signal.SIGKILL, signal.SIGSTOP) and not 32 <= number < 34:
            signal.signal(number, signal.SIG_DFL)
    os.environ["PS1"] = SHELL_PROMPT
    # It leaves the terminal as it finds it; shells that edit lines do not.
    os.execvp("dash", ["dash", "-i"])


def give_up(why):
    os.kill(shell, signal.SIGKILL)
    sys.exit(f"{why}; shown:\n{shown}")


def turn(until):
    """Reads what is shown until something holds."""
    global shown
    while not until():
        if time.monotonic() > deadline:
            give_up(f"nothing happens in {until.__doc__}")
        if select.select([terminal], [], [], 0.001)[0]:
            try:
                shown += os.read(terminal, 4096).decode(errors="replace").replace("\r", "")
            except OSError:  # EIO: closed on the other side
                give_up(f"the shell has ended in {until.__doc__}")


def wait_for(text):
    """Waits until the terminal shows this, after what was waited for last."""
    global seen

    def is_shown():
        return text in shown[seen:]

    is_shown.__doc__ = f"waiting for {text!r}"
    turn(is_shown)
    seen = shown.index(text, seen) + len(text)


def echoes():
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def wait_for_shell():
    wait_for(SHELL_PROMPT)
    if not echoes():
        give_up("at the shell's prompt the terminal does not echo")


def wait_for_prompt(prompt):
    wait_for(prompt)
    if echoes():
        give_up("at the command's prompt the terminal echoes")


def type_line(line):
    os.write(terminal, line.encode() + b"\n")


def job():
    """The process that the shell runs."""
    with open(f"/proc/{shell}/task/{shell}/children") as children:
        return int(children.read().split()[0])


def state():
    with open(f"/proc/{job()}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def stop():
    if how == "Z":
        os.write(terminal, HALF.encode() + b"\x1a")
    else:
        if how != "STOP":  # which leaves no time to throw it away
            os.write(terminal, HALF.encode())
        os.kill(job(), getattr(signal, "SIG" + how))


def is_stopped():
    """waiting for the command to stop"""
    return state() == "T"


wait_for(SHELL_PROMPT)
if how == "background":
    # As under a shell that edits lines, the terminal is without echo when the command begins.
    type_line(f"stty -echo; {command} &")
    wait_for(SHELL_PROMPT)
    turn(is_stopped)
    type_line("stty echo")
    wait_for_shell()
else:
    type_line(command)
    wait_for_prompt("Choose password")
    stop()
    if how == "STOP":
        # Nobody can put the terminal right before: the user does.
        wait_for(SHELL_PROMPT)
        type_line("stty echo")
    wait_for_shell()
    type_line("bg")  # where it stops again
    wait_for_shell()
    turn(is_stopped)
type_line("fg")
wait_for_prompt("Choose password")
type_line(PASSWORD)
wait_for_prompt("Re-enter password")
if how != "background":
    stop()
    if how == "STOP":
        wait_for(SHELL_PROMPT)
        type_line("stty echo")
    wait_for_shell()
    type_line("fg")
    wait_for_prompt("Re-enter password")
type_line(PASSWORD)
wait_for_shell()
type_line("echo status: $?")
wait_for("\nstatus: 0\n")
wait_for_shell()
type_line("exit")
os.waitpid(shell, 0)
if PASSWORD in shown or "half" in shown:
    sys.exit(f"an answer was shown:\n{shown}")
