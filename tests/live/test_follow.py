"""Two processes and one run: looking on, waiting for it, and taking it over. Needs no cluster."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import threading

from checks import Failure, Skip, check, contains, equal, wait_until
from journal import Journal
from program import ABORTED, LOCKED, PASSED, UNDECIDED, USAGE
from screen import Screen

RUNBOOK = """\
apiVersion: lifeboat/v1
kind: Runbook
metadata: {id: held, title: A run that is held, version: 1.0.0}
params:
  token: {type: secret, from: [file, prompt]}
steps:
  - id: look
    title: Look at it
    uses: command.run
    with: {argv: [cat], stdin_file: words, effect: reads}
  - id: change
    title: Change it
    idempotent: true
    uses: command.run
    with: {argv: [sh, -c, "echo begun; while [ ! -e go -a -e words ]; do sleep 0.05; done; echo done"], shell: false}
    verify: [{uses: command.run, with: {argv: [test, -e, go], effect: reads}}]
  - id: last
    title: The last step
    uses: command.run
    with: {argv: [echo, good bye], effect: reads}
"""
SECRET = "hunter2-and-some-more"
STAMPED = re.compile(r"^\d\d:\d\d:\d\dZ (?=\S)")        # a sentence; what goes on meanwhile is indented


class Talk:
    """A process in line mode: what it says is gathered while it runs."""

    def __init__(self, argv, environment, folder, piped=True):
        self.lines = []
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
                                        env=environment, start_new_session=True)
        self.reader = threading.Thread(target=self.gather, daemon=True)
        self.reader.start()

    def gather(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def said(self):
        return "\n".join(self.lines)

    def wait(self, words, timeout=20):
        try:
            wait_until(lambda: words in self.said(), f"a process to say {words!r}", timeout)
        except Failure as failure:
            raise Failure(f"{failure}; it said:\n{self.said()[-1500:]}") from None

    def type(self, *lines):
        for line in lines:
            self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def sentences(self):
        return [line for line in self.lines if STAMPED.match(line)]

    def end(self, timeout=20):
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"a process did not end; it said:\n{self.said()[-1500:]}") from None
        self.reader.join(5)
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(5)
        for stream in (self.process.stdin, self.process.stdout):
            if stream and not stream.closed:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass


class Place:
    """A folder with the runbook, and a state folder of its own."""

    def __init__(self, program, folder, name):
        self.program = program
        self.folder = f"{folder}/follow-{name}"
        self.state = f"{self.folder}/state"
        self.talks = []
        os.makedirs(self.folder)
        self.write("held.yaml", RUNBOOK)
        self.write("words", "some words\n")
        self.write("token", SECRET + "\n")

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w") as file:
            file.write(text)

    def environment(self):
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.folder, "LANG": "C.UTF-8",
                "TERM": "xterm-256color", "XDG_STATE_HOME": self.state}

    def talk(self, *words, piped=True):
        talk = Talk([self.program.path, *words], self.environment(), self.folder, piped)
        self.talks.append(talk)
        return talk

    def call(self, *words):
        return self.program.call([self.program.path, *words], self.environment(), 30)

    def begin(self):
        """A first process, which waits at its first decision."""
        first = self.talk("run", "./held.yaml", "--plain", "-p", "token=file:token", "--operator", "ana")
        wait_until(self.journal, "the journal", 20)
        first.wait("look is ready")
        return first

    def to_running(self, first):
        """The first process is in the middle of its second step."""
        first.type("1")
        first.wait("change is ready")
        first.type("1", "y")
        first.wait("| begun")

    def resume(self, *words):
        return self.talk("resume", "--auto", "--yes", "*", "-p", f"token=file:{self.folder}/token", *words, piped=False)

    def journal(self):
        return Journal.of(self.state)

    def folders(self):
        runs = f"{self.state}/lifeboat/runs"
        return sorted(os.listdir(runs)) if os.path.isdir(runs) else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for talk in self.talks:
            talk.close()
        if os.path.isdir(self.folder):
            self.write("go", "")        # whatever still runs may end
        return False


def every_sentence(program, folder):
    """Whoever looks on from the beginning sees all that the operator sees, output too, and decides nothing."""
    with Place(program, folder, "sentences") as place:
        first = place.begin()
        follower = place.talk("follow", piped=False)
        follower.wait("look is ready")
        place.to_running(first)
        follower.wait("| begun")
        place.write("go", "")
        first.wait("last is ready")
        first.type("1")
        equal(first.end(), PASSED, "exit code of the run")
        equal(follower.end(), PASSED, f"exit code of the follower, which said:\n{follower.said()}")
        equal(follower.sentences(), first.sentences(), "the sentences of the follower")
        equal(len(follower.sentences()), len(place.journal().read()), "the number of sentences")
        for line in ("| some words", "| begun", "| done", "| good bye"):
            check(line in follower.lines, f"the follower did not see {line!r}:\n{follower.said()}")
        check(SECRET not in follower.said(), "the follower was told the secret")
        place.journal().assert_chain()


def take_over(program, folder):
    """kill -9 of the first process: the one that waits goes on, and nobody is asked for anything."""
    with Place(program, folder, "take-over") as place:
        first = place.begin()
        second = place.resume("--operator", "ben")
        second.wait("look is ready")
        place.to_running(first)
        second.wait("| begun")
        equal(second.process.poll(), None, "the exit code of a process that should wait")
        first.process.kill()
        wait_until(lambda: place.journal().last("resumed"), "the run to be taken over", 20)
        place.write("go", "")
        equal(second.end(60), PASSED, f"exit code of the take-over, which said:\n{second.said()}")
        journal = place.journal()
        journal.assert_chain()
        equal(journal.last("resumed")["data"]["operator"], "ben", "who went on")
        equal(len(journal.records("resumed")), 1, "how often the run was taken up")
        equal(journal.last("end")["data"]["failed"], False, "how the run ended")
        journal.assert_no_secret([SECRET])


def one_of_two(program, folder):
    """Two wait for the same run: one gets it, and the other waits for that one."""
    with Place(program, folder, "two") as place:
        first = place.begin()
        waiting = [place.resume("--operator", name) for name in ("ben", "cleo")]
        for talk in waiting:
            talk.wait("look is ready")
        place.to_running(first)
        first.process.kill()
        wait_until(lambda: place.journal().last("resumed"), "the run to be taken over", 20)
        winner = place.journal().last("resumed")["data"]["operator"]
        place.write("go", "")
        for talk in waiting:
            equal(talk.end(60), PASSED, f"exit code of one that waited, which said:\n{talk.said()}")
        equal([r["data"]["operator"] for r in place.journal().records("resumed")], [winner], "who took it up")
        place.journal().assert_chain()


def ends_meanwhile(program, folder):
    """A run that is ended by its holder is not taken over; everybody's exit code tells how it ended."""
    with Place(program, folder, "ends") as place:
        first = place.begin()
        follower, second = place.talk("follow", piped=False), place.resume()
        for talk in (follower, second):
            talk.wait("look is ready")
        first.type("5", "1", "seen enough")
        equal(first.end(), ABORTED, f"exit code of an aborted run, which said:\n{first.said()}")
        for talk in (follower, second):
            equal(talk.end(), ABORTED, f"exit code of one that looked on, which said:\n{talk.said()}")
        equal(place.journal().records("resumed"), [], "who took it up")
        code, said = place.call("follow", place.journal().run)
        equal(code, ABORTED, f"exit code of following a run that has ended, which said:\n{said}")
        contains(said, "The run ended: Aborted", "what it says of a run that has ended")


def left(program, folder):
    """The holder leaves in good order: the follower says so and how to go on."""
    with Place(program, folder, "left") as place:
        first = place.begin()
        code, said = place.call("resume", "--no-wait", "--auto", "-p", f"token=file:{place.folder}/token")
        equal(code, LOCKED, f"exit code with --no-wait, which said:\n{said}")
        contains(said, f"pid {first.process.pid}", "who holds the run")
        follower = place.talk("follow", piped=False)
        follower.wait("look is ready")
        first.process.stdin.close()
        equal(first.end(), UNDECIDED, "exit code of a run that was left")
        equal(follower.end(), UNDECIDED, f"exit code of the follower, which said:\n{follower.said()}")
        contains(follower.said(), f"lifeboat resume {place.journal().run}", "what the follower said")
        code, said = place.call("follow")
        equal(code, UNDECIDED, f"exit code of following a run that nobody holds, which said:\n{said}")


def listed(program, folder):
    """lifeboat runs: one line a run, the latest first, and the same as JSON."""
    with Place(program, folder, "runs") as place:
        code, said = place.call("runs")
        equal((code, place.folders()), (PASSED, []), "listing no run")
        first = place.begin()
        code, said = place.call("runs", "--json")
        one = json.loads(said)[0]
        equal((code, one["state"], one["steps_done"], one["steps"]), (PASSED, "running", 0, 3), "a run under way")
        contains(one["holder"], f"pid {first.process.pid} on", "its holder")
        place.to_running(first)
        first.process.kill()
        first.end()
        wait_until(lambda: json.loads(place.call("runs", "--json")[1])[0]["state"] == "unknown", "the run to be free")
        place.write("go", "")
        shutil.copytree(os.path.dirname(place.journal().path), f"{place.state}/lifeboat/runs/20200101T000000-0001")
        with open(f"{place.state}/lifeboat/runs/20200101T000000-0001/journal.jsonl", "r+") as file:
            file.write("{}")
        code, said = place.call("runs")
        rows = said.splitlines()
        equal(len(rows), 3, f"lines of:\n{said}")
        contains(rows[1], "unknown: step change", "the latest run")
        contains(rows[2], "unreadable: ", "a damaged run")
        equal(place.resume(place.journal().run).end(60), PASSED, "exit code of resume")
        contains(place.call("runs")[1], "ended: completed", "the run at its end")
        check("ended" not in place.call("runs", "--open")[1], "--open shows a run that has ended")


def previous_named(program, folder):
    """A new run names the last checkpoint of the one before it, so that a run that was deleted is missed."""
    with Place(program, folder, "previous") as place:
        place.write("go", "")
        begin = ("run", "./held.yaml", "--auto", "--yes", "*", "-p", "token=file:token")
        first = place.talk(*begin, piped=False)
        equal(first.end(), PASSED, f"exit code of the first run, which said:\n{first.said()}")
        journal = place.journal()
        equal(journal.read()[0]["data"]["previous"], None, "what was before the first run")
        with open(f"{os.path.dirname(journal.path)}/checkpoints", encoding="utf-8") as file:
            last = "lifeboat-checkpoint/v1\n" + file.read().split("lifeboat-checkpoint/v1\n")[-1]
        second = place.talk(*begin, piped=False)
        equal(second.end(), PASSED, f"exit code of the second run, which said:\n{second.said()}")
        equal(place.journal().read()[0]["data"]["previous"],
              {"run": journal.run, "checkpoint": hashlib.sha256(last.encode()).hexdigest()}, "what was before it")


def key_missing(program, folder):
    """A run that somebody vouched for is taken up by somebody who cannot: that is said."""
    with Place(program, folder, "key") as place:
        code, said = place.call("key", "new")
        if code != PASSED:
            raise Skip(f"no key could be made: {said}")
        first = place.begin()
        check(place.journal().read()[0]["data"]["key"]["certificate"], "the key of the run is not certified")
        first.process.stdin.close()
        equal(first.end(), UNDECIDED, "exit code of a run that was left")
        os.rename(f"{place.folder}/.config/lifeboat/operator.key", f"{place.folder}/away.key")
        second = place.talk("resume", "--auto", "-p", "token=file:token", piped=False)
        second.end()
        contains(second.said(), "nobody vouches for what follows", "what resume says without the key")
        place.write("away.key", "this is no key")
        os.rename(f"{place.folder}/away.key", f"{place.folder}/.config/lifeboat/operator.key")
        before = len(place.journal().read())
        code, said = place.call("resume", "--auto", "-p", f"token=file:{place.folder}/token")
        equal(code, USAGE, f"exit code with a bad key, which said:\n{said}")
        equal(len(place.journal().read()), before, "records after a bad key")


def not_there(program, folder):
    """Runs that do not exist: the nearest name, and nothing is made."""
    with Place(program, folder, "none") as place:
        for command in ("follow", "resume"):
            code, said = place.call(command, "7f3a")
            equal(code, USAGE, f"exit code of {command} without any run, which said {said}")
        check(not os.path.exists(place.state), "a state folder was made")
        place.begin().process.kill()
        run = place.journal().run
        wrong = run[:-1] + ("0" if run[-1] != "0" else "1")
        for command in ("follow", "resume"):
            code, said = place.call(command, wrong)
            equal(code, USAGE, f"exit code of {command} {wrong}")
            contains(said, f"Did you mean {run}?", f"what {command} says")
        equal(place.folders(), [run], "the runs that are there")
        code, said = place.call("follow", os.path.dirname(place.journal().path))
        equal(code, UNDECIDED, f"exit code of following a folder, which said:\n{said}")
        contains(said, "look is ready", "what it shows")


def on_the_screen(program, folder):
    """The same screen, read-only; q leaves at once, and the run goes on."""
    with Place(program, folder, "screen") as place, Screen(place.folder, 80, 24) as screen:
        first = place.begin()
        screen.start([program.path, "follow"], place.environment())
        screen.wait(rf"FOLLOWING ana, pid {first.process.pid} on ")
        screen.wait("journal ok " + wait_until(lambda: shown_head(screen), "the head"))
        place.to_running(first)
        screen.wait("begun")
        check(not screen.shows("Enter run|c cancel"), "a decision is offered to a follower")
        screen.keys("c")
        screen.wait("only looked at here")
        screen.keys("q")
        equal(screen.wait_end(), UNDECIDED, "exit code")
        equal(first.process.poll(), None, "the exit code of a process that should go on")
        screen.close()
        screen.start([program.path, "resume", "-p", f"token=file:{place.folder}/token"], place.environment())
        screen.wait("taken over here when that process ends")
        first.process.kill()
        screen.wait("Change it")
        screen.wait("looked into|probe")
        check(not screen.shows("FOLLOWING"), "the run is still followed")
        place.write("go", "")


def shown_head(screen):
    found = re.search(r"journal ok ([0-9a-f]{12})", screen.text())
    return found and found.group(1)


def all_tests(tally, program, folder):
    tally.run("follow-every-sentence", every_sentence, program, folder)
    tally.run("follow-take-over-after-kill-9", take_over, program, folder)
    tally.run("follow-one-of-two-takes-over", one_of_two, program, folder)
    tally.run("follow-run-that-ends-meanwhile", ends_meanwhile, program, folder)
    tally.run("follow-run-that-is-left", left, program, folder)
    tally.run("follow-runs-listed", listed, program, folder)
    tally.run("follow-previous-run-is-named", previous_named, program, folder)
    tally.run("follow-resume-without-the-key", key_missing, program, folder)
    tally.run("follow-run-that-is-not-there", not_there, program, folder)
    tally.run("follow-on-the-screen", on_the_screen, program, folder)
