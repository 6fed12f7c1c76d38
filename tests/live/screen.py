"""The program in a terminal of its own (tmux), driven by keys and read from the screen."""
import os
import re
import shlex
import subprocess
import time

from checks import Failure, wait_until
from journal import Journal


class Screen:
    PACE = 0.06     # seconds between two keys: what comes faster than somebody types is taken for a paste

    def __init__(self, folder, columns, rows):
        self.folder = folder
        self.typed = 0
        self.socket = None
        self.columns, self.rows = columns, rows
        self.status = f"{folder}/exit-status"
        self.alive = False
        self.starts = 0

    def tmux(self, *arguments, check=True):
        done = subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *arguments], capture_output=True,
                              text=True, timeout=20, env={**os.environ, "LC_ALL": "C.UTF-8"})
        if check and done.returncode != 0:
            raise Failure(f"tmux {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def start(self, argv, environment):
        """Starts the program; its exit status goes to a file when it ends."""
        if os.path.exists(self.status):
            os.unlink(self.status)
        self.starts += 1
        self.socket = f"{self.folder}/tmux-{self.starts}"       # the last server may still be on its way out
        names = [f"{name}={value}" for name, value in environment.items() if name != "TERM"]
        status = shlex.quote(self.status)
        command = (f"env -i TERM=tmux-256color {shlex.join(names)} {shlex.join(argv)}; echo $? >{status}.new; "
                   f"mv {status}.new {status}; cat")
        self.tmux("new-session", "-d", "-x", str(self.columns), "-y", str(self.rows), "sh", "-c", command)
        self.alive = True

    def pid(self, journal):
        """The process that runs the program, as its journal names it."""
        record = journal.last("resumed") or journal.last("run")
        return record["data"]["pid"]

    def text(self):
        return self.tmux("capture-pane", "-p")

    def shows(self, pattern):
        return re.search(pattern, self.text())

    def wait(self, pattern, timeout=20):
        try:
            return wait_until(lambda: self.shows(pattern), f"the screen to show {pattern!r}", timeout)
        except Failure as failure:
            raise Failure(f"{failure}; it shows:\n{self.text()}") from None

    def pace(self):
        time.sleep(max(0, self.typed + self.PACE - time.monotonic()))
        self.typed = time.monotonic()

    def keys(self, *names):
        for name in names:
            self.pace()
            self.tmux("send-keys", name)

    def type(self, text):
        self.pace()
        self.tmux("send-keys", "-l", text)

    def look_around(self):
        """Puts the question aside. Its words stand among the step's details before it is asked: keys that are
        pressed then would be its answer."""
        self.wait("Esc looks around")
        self.keys("Escape")
        wait_until(lambda: not self.shows("Esc looks around"), "the question to be put aside")

    def ended(self):
        """The exit code, or None while the program runs."""
        if not os.path.exists(self.status):
            return None
        with open(self.status) as file:
            return int(file.read())

    def wait_end(self, timeout=30):
        try:
            wait_until(lambda: self.ended() is not None, "the program to end", timeout)
        except Failure as failure:
            raise Failure(f"{failure}; the screen shows:\n{self.text()}") from None
        return self.ended()

    def close(self):
        if self.alive:
            self.tmux("kill-server", check=False)
            self.alive = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        return False


class Pilot:
    """An operator at the screen: looks at what the journal says is to be decided, waits until the screen shows
    it, and presses the keys."""

    SURE, YES_NO, LINE, TICKS, ONE_OF = ("y = yes", "y or n", "Enter accepts", "Space ticks", "j k or a number")

    def __init__(self, screen, state, answers=None):
        self.screen, self.state = screen, state
        self.answers = answers or {}            # choices other than the default, by step
        self.handled = -1                       # sequence number of the last record that was acted on
        self.seen = set()                       # steps that were on the screen
        self.presses = 0

    def journal(self):
        return wait_until(lambda: Journal.of(self.state), "the journal", 20)

    def pending(self):
        """The record that asks for a decision which was not taken yet, or None."""
        for record in reversed(self.journal().read()):
            kind = record["type"]
            if kind in ("plan", "prompt", "blocked", "end", "stop") or self.is_failure(record):
                return record if record["seq"] > self.handled else None
            if kind in ("intent", "answer", "resumed"):
                return None
            if kind in ("outcome", "skip"):
                return record if record["seq"] > self.handled and self.is_last(record) else None
        return None

    @staticmethod
    def is_failure(record):
        return record["type"] == "outcome" and record["data"]["status"] != "ok"

    def is_last(self, record):
        """Whether it ends the last step of the runbook: the run then wants its end."""
        return record["data"]["step"].split("[")[0] == self.journal().read()[0]["data"]["steps"][-1]["id"]

    def drive(self, until=None, timeout=150):
        """Decides everything as the runbook proposes, until the run is over, or stuck, or until(record) is true
        of what is to be decided next. Returns that record."""
        end = time.monotonic() + timeout
        while True:
            try:
                record = wait_until(self.pending, "something to decide", max(end - time.monotonic(), 0.1))
            except Failure as failure:
                raise Failure(f"{failure}; the screen shows:\n{self.screen.text()}") from None
            if record["type"] in ("end", "stop", "blocked") or self.is_failure(record) or until and until(record):
                return record
            self.handled = record["seq"]
            if record["type"] == "plan":
                self.confirm(record["data"])
            elif record["type"] == "prompt":
                self.answer(record["data"])
            else:
                self.finish()

    # What follows knows the screen: which words it shows, and which keys it takes.

    def press(self, *keys):
        self.presses += len(keys)
        self.screen.keys(*keys)

    def write(self, text):
        self.presses += len(text)
        self.screen.type(text)

    def title(self, step):
        """The beginning of a step's title, as short as the narrowest screen may cut it."""
        name = step.split("[")[0]
        return next(s["title"] for s in self.journal().read()[0]["data"]["steps"] if s["id"] == name)[:16]

    def read_preflight(self):
        """Before the first decision a page tells what the run is about to do; it is closed by q."""
        self.screen.wait(r"Preflight: what|Now: (?!the run is starting)|y or n|Enter (accepts|takes it|on Done)")
        if self.screen.shows(r"Preflight: what"):
            self.press("q")
            self.screen.wait(r"Now: ")

    def look_at(self, step):
        if not self.seen:
            self.read_preflight()
        self.screen.wait(re.escape(self.title(step)))
        self.seen.add(step)

    def dialog(self, hint, question=""):
        """Waits for the question: its first words, and the line that says which keys answer it."""
        self.screen.wait(r"(?s)" + re.escape(question[:24]) + ".*" + re.escape(hint))

    def confirm(self, plan):
        if plan["effect"] == "none":
            return              # it only talks to the operator, and begins by itself
        self.look_at(plan["step"])
        self.screen.wait(r"Enter run")
        self.press("Enter")
        if plan["confirm"] == "ask":
            self.dialog(self.SURE)
            self.press("y")
        elif plan["confirm"] == "type-name":
            self.dialog(self.LINE, plan["confirm_name"])
            self.write(plan["confirm_name"])
            self.press("Enter")

    def answer(self, prompt):
        question = " ".join(prompt["question"].split())
        self.look_at(prompt["step"])
        if prompt["kind"] == "confirm":
            self.dialog(self.YES_NO, question)
            self.press("y")
        elif prompt["kind"] == "checklist":
            self.dialog(self.TICKS, question)
            for item in prompt["items"]:
                self.press("Enter")
                if item.get("value"):
                    self.write("seen it")
                    self.press("Enter")
            self.press("Enter")
        elif prompt["kind"] == "choice":
            self.dialog(self.ONE_OF, question)
            wanted = self.answers.get(prompt["step"], prompt.get("default"))
            self.press(str([item["id"] for item in prompt["items"]].index(wanted) + 1), "Enter")
        else:
            self.dialog(self.LINE, question)
            self.press("Enter")

    def finish(self):
        """Every step is done: ends the run with the first of its ends. With one end or none, it ends by itself."""
        if self.ends() < 2:
            return
        self.screen.wait(r"Enter end")
        self.press("Enter")
        self.dialog(self.ONE_OF)
        self.press("1", "Enter")

    def ends(self):
        with open(os.path.join(os.path.dirname(self.journal().path), "runbook.yaml")) as file:
            return file.read().partition("\nends:")[2].count("- {id: ")

    def dismiss(self):
        """The run is over: reads the last page and leaves it."""
        self.screen.wait(r"(?s)The run ended: .*q leaves")
        self.press("q")

    def prepare_again(self):
        """r: a step that failed or was cancelled is prepared once more."""
        last = self.journal().read()[-1]["seq"]
        self.screen.wait(r"r retry")
        self.press("r")
        wait_until(lambda: (self.journal().last("plan") or {"seq": -1})["seq"] > last, "the step to be prepared again")

    def run_again(self, reason):
        """r: a step that may have happened is prepared once more, which wants a reason."""
        last = self.journal().read()[-1]["seq"]
        self.screen.wait(r"r again")
        self.press("r")
        self.dialog(self.LINE)
        self.press("C-u")
        self.write(reason)
        self.press("Enter")
        wait_until(lambda: (self.journal().last("plan") or {"seq": -1})["seq"] > last, "the step to be prepared again")

    def skip_next(self, step, reason):
        self.drive(until=lambda r: r["type"] == "plan" and r["data"]["step"] == step)
        self.look_at(step)
        self.press("s")
        self.dialog(self.LINE)
        self.write(reason)
        self.press("Enter")
        wait_until(lambda: self.journal().last("skip", step), f"step {step} to be skipped")

    def cancel(self):
        self.screen.wait(r"cancel")
        self.press("c")
        self.dialog(self.SURE)
        self.press("y")

    def leave(self):
        self.press("q")
        self.dialog(self.SURE)
        self.press("y")
