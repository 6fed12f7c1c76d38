"""One drill by the real command line: its own runtime and state folder, and hands to work with in its world."""
import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
from fcntl import ioctl

from checks import Failure, check, wait_until
from journal import Journal
from program import RUNBOOKS

STOPPING = threading.Event()            # whoever ended the tests does not wait for their drills
COLUMNS, ROWS = 400, 50                 # nothing is wrapped
SETTLED_S, APART_S = 0.05, 3
STEP = re.compile(r"^Step \d+ of \d+[^:\n]*: .* \(([^()\s]+)\)\s*$", re.MULTILINE)
CHOICE = re.compile(r"\[(\d+)\] ((?:(?! \[\d+\] ).)+?) (?=\[|> $)")


class Drill:
    def __init__(self, lifeboat, scenario, *variants, speed, seed=7, params=None, keep=False):
        self.folder = tempfile.mkdtemp(prefix="lbw-")       # short: sockets lie below it
        self.keep = keep
        self.state, self.runtime, self.home = f"{self.folder}/state", f"{self.folder}/run", f"{self.folder}/home"
        for folder in (self.state, self.runtime, self.home):
            os.mkdir(folder, 0o700)
        os.chmod(self.folder, 0o711)
        self.said, self.interrupted_s = "", -APART_S
        self.argv = [lifeboat, "drill", scenario, "--plain", f"--speed={speed}", f"--seed={seed}"]
        self.argv += [f"--variant={name}" for name in variants]
        self.argv += [word for name, value in (params or {}).items() for word in ("-p", f"{name}={value}")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": self.home, "LANG": "C.UTF-8", "TERM": "dumb",
                "USER": "ana", "LIFEBOAT_RUNBOOKS": RUNBOOKS, "XDG_RUNTIME_DIR": self.runtime,
                "XDG_STATE_HOME": self.state}

    # ---- what came of it

    def debrief(self):
        found = glob.glob(f"{self.state}/lifeboat/drills/*/debrief.json")
        if len(found) != 1:
            raise Failure(f"there is no debrief; it said: …{self.said[-1500:]}")
        with open(found[0], encoding="utf-8") as file:
            return json.load(file)

    def journal(self):
        found = glob.glob(f"{self.state}/lifeboat/drills/*/journal.jsonl")
        return Journal(found[0]) if found else None

    def leftovers(self):
        """Worlds that were not taken down."""
        return glob.glob(f"{self.runtime}/lifeboat/world-*")

    # ---- hands in the world

    @property
    def world(self):
        found = self.leftovers()
        if len(found) != 1:
            raise Failure(f"there is no world, or more than one: {found}")
        return found[0]

    def backup(self, name):
        return f"{self.world}/backup/{name}"

    def hands(self):
        """The environment of a shell that somebody has opened beside the drill."""
        return self.environment() | {
            "HOME": f"{self.world}/home", "KUBECONFIG": f"{self.world}/kubeconfig",
            "PGSERVICEFILE": f"{self.world}/pg_service.conf", "PGPASSFILE": f"{self.world}/pgpass",
            "PATH": f"{self.world}/bin:{os.environ['PATH']}"}

    def do(self, *argv, fails=False):
        """Runs a command in the world; returns what it said. `fails`: it may."""
        done = subprocess.run(argv, env=self.hands(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        if done.returncode != 0 and not fails:
            raise Failure(f"{' '.join(argv)}: {done.stdout}")
        return done.stdout

    def kubectl(self, context, *words, fails=False):
        return self.do("kubectl", f"--context={context}", *words, fails=fails)

    def sql(self, text, database="tsb", fails=False):
        return self.do("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text,
                       f"service=config user=tsb dbname={database}", fails=fails).strip()

    # ---- by itself

    def auto(self, *words, timeout=180):
        """To its end without a terminal; returns the exit code."""
        self.process = subprocess.Popen([*self.argv, "--auto", *words], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env=self.environment(), start_new_session=True)
        end = time.monotonic() + timeout
        try:
            while True:
                try:
                    self.said, _ = self.process.communicate(timeout=0.5)
                    return self.process.returncode
                except subprocess.TimeoutExpired:
                    check(time.monotonic() < end, f"the drill did not end in {timeout} s")
                    check(not STOPPING.is_set(), "stopped")
        finally:
            self.stop()

    # ---- by somebody at a terminal

    def play(self, engineer, timeout=180):
        """An engineer decides and answers on a pseudo terminal; returns the exit code."""
        leader, follower = pty.openpty()
        ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(self.argv, stdin=follower, stdout=follower, stderr=follower,
                                        env=self.environment(), start_new_session=True)
        os.close(follower)
        try:
            Talk(self, leader, engineer, time.monotonic() + timeout).hold()
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            raise Failure(f"the drill was over and did not end: …{self.said[-1500:]}") from None
        finally:
            self.stop()
            os.close(leader)

    def stop(self):
        """At the end of a test that went wrong: the drill takes down its world."""
        if self.process.poll() is not None:
            return
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            self.process.send_signal(number)
            try:
                self.process.wait(10)
                return
            except subprocess.TimeoutExpired:
                continue

    def interrupt(self):
        """Ctrl-C; false: too soon after the last one, with which it would leave the drill."""
        now_s = time.monotonic()
        if now_s - self.interrupted_s < APART_S:
            return False
        self.interrupted_s = now_s
        self.process.send_signal(signal.SIGINT)
        return True

    def wait_for(self, condition, what, timeout=60):
        return wait_until(condition, what, timeout, 0.2)


class Talk:
    """What the program asks on the terminal, and what the engineer says."""

    def __init__(self, drill, terminal, engineer, end):
        self.drill, self.terminal, self.engineer, self.end = drill, terminal, engineer, end
        self.answered = 0               # what was said before it has had its answer
        self.heard_s = time.monotonic()

    def hold(self):
        while self.hear():
            check(not STOPPING.is_set(), "stopped")
            if time.monotonic() > self.end:
                raise Failure(f"the drill took too long, at step {self.step()}: …{self.drill.said[-1500:]}")
            if time.monotonic() - self.heard_s < SETTLED_S:
                continue
            prompt = self.prompt()
            if prompt is None:
                self.engineer.meanwhile(self.drill, self.step())
            else:
                self.answered = len(self.drill.said)
                self.say(self.answer(prompt))

    def hear(self):
        ready, _, _ = select.select([self.terminal], [], [], 0.1)
        if not ready:
            return True
        try:
            data = os.read(self.terminal, 65536)
        except OSError:                 # the other side is closed
            return False
        self.heard_s = time.monotonic()
        self.drill.said += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)

    def say(self, line):
        os.write(self.terminal, line.encode() + b"\n")

    def step(self):
        found = STEP.findall(self.drill.said)
        return found[-1] if found else None

    def prompt(self):
        last = self.drill.said[self.answered:].rpartition("\n")[2]
        asks = last.endswith(("> ", "[y/n] ", "[y/N] ")) or last.startswith("Enter begins")
        return last if asks and not last.startswith("|") else None

    def answer(self, prompt):
        step, engineer = self.step(), self.engineer
        if prompt.startswith("Enter begins"):
            return ""
        if prompt.startswith("[1]"):
            choices = {text: number for number, text in CHOICE.findall(self.choices())}
            wanted = engineer.decide(self.drill, self.past_last() or step, list(choices))
            if wanted not in choices:
                raise Failure(f"at {step} there is no choice {wanted!r}: {list(choices)}")
            return choices[wanted]
        if prompt.startswith("How does the run end?"):
            return engineer.end(self.drill)
        if prompt.startswith(("Run this step?", "Go to step")):
            return "y"
        named = re.match(r"Type (\S+) to ", prompt)
        if named:
            return named.group(1)
        if prompt.startswith(("Why ", "      seen")):
            return "seen by a test"
        return engineer.answer(self.drill, step, prompt)

    def choices(self):
        """The last whole list of them: behind what is said meanwhile it is not repeated."""
        return [line for line in self.drill.said.split("\n") if line.startswith("[1] ")][-1]

    def past_last(self):
        return "(end)" if "All steps are done; the run wants its end." in self.drill.said else None
