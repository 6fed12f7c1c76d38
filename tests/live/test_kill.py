#!/usr/bin/env python3
"""kill -9 at random moments of runs with real effects, again and again, and a look at what is left each time.

Usage: test_kill.py [--kills N] [--seed N] [--keep] [LIFEBOAT]

A run has steps that append to a file, post to an HTTP server, insert rows into PostgreSQL and make a DNS record: each
leaves one trace, which names the run and, but for the record, when it was made. The program is killed somewhere in it,
then the processes that resume it are killed too, and at last the run is brought to its end. After each death:

- every trace there is has an intent that is older, and sealed;
- every step whose outcome is ok has its trace;
- what was shown to have begun is in the journal;
- the program and verify.sh find the journal sound, and what was sealed once is there ever after, byte for byte;
- a probe says "done" of nothing that left no trace, and "not-done" of nothing that did.

In the end each step of each run has left exactly one trace: nothing got lost, and nothing was repeated.

$LIFEBOAT_TEST_KILLS  how many kills (500 if not set)
$LIFEBOAT_TEST_SEED   what the moments are drawn from
"""
import hashlib
import http.server
import json
import os
import random
import re
import select
import signal
import socketserver
import subprocess
import sys
import threading
import time

from checks import Failure, check, equal, wait_until
from journal import stamp
from program import PASSED, UNDECIDED
from servers import NameServers, Postgres

RUNBOOK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kill.yaml")
EFFECTS = ("line", "post", "psql", "row", "record", "last-post", "last-line")
STEPS = len(EFFECTS) + 1                # one only reads
LANES = 2
DEATHS = 3                              # of one run at most
SCRIPT_EVERY = 5                        # verify.sh takes longer than everything else
CLOCK_GRAIN = 0.0015                    # records count milliseconds
FINAL, SEALED = 0, 5                    # of lifeboat verify
ZERO = "0" * 64


class Notes:
    """An HTTP server that notes every POST: (path, Idempotency-Key, when)."""

    def __init__(self):
        notes = self.list = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                notes.append((self.path, self.headers.get("Idempotency-Key"), time.time()))
                self.send_response(201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_HEAD = do_GET

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass                    # a client that was killed

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Sql:
    """One psql that stays, as asking is most of what a look does. One thread at a time."""

    def __init__(self, database):
        self.lock = threading.Lock()
        self.child = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-d", database.conninfo()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env={**os.environ, "PGPASSWORD": Postgres.PASSWORD})

    def ask(self, sql):
        lines = []
        with self.lock:
            self.child.stdin.write(f"{sql};\n\\echo .\n")
            self.child.stdin.flush()
            for line in self.child.stdout:
                if line == ".\n":
                    return lines
                check("ERROR" not in line, f"psql: {line}")
                lines.append(line.rstrip("\n"))
        raise Failure(f"psql has ended: {lines}")

    def stop(self):
        self.child.stdin.close()
        self.child.wait(timeout=10)
        self.child.stdout.close()


class Ground:
    """The servers that the runs leave their traces at."""

    def __init__(self, folder):
        self.folder = f"{folder}/kill"
        os.makedirs(self.folder)
        self.notes, self.sql = Notes(), None
        self.database, self.names = Postgres(f"{self.folder}/postgres"), NameServers(f"{self.folder}/names")

    def make(self):
        self.database.make()
        self.database.psql("CREATE TABLE traces (mark text NOT NULL, step text NOT NULL,"
                           " at timestamptz NOT NULL DEFAULT clock_timestamp())")
        self.sql = Sql(self.database)
        self.names.make()
        self.passfile, self.file = f"{self.folder}/passfile", f"{self.folder}/lines"
        with open(self.passfile, "w") as file:
            file.write(f"*:*:*:*:{Postgres.PASSWORD}\n")
        os.chmod(self.passfile, 0o600)
        with open(self.file, "w"):
            pass

    def params(self, mark):
        return {"mark": mark, "file": self.file, "url": self.notes.url, "conninfo": self.database.conninfo(),
                "passfile": self.passfile, "zone": "example.com", "dns_server": NameServers.PRIMARY,
                "dns_port": self.names.port, "key_file": self.names.key_file}

    def has_record(self, mark):
        return self.names.dig(NameServers.PRIMARY, f"{mark}.example.com", "TXT") == [f'"{mark}"']

    def traces(self, mark):
        """{step: [when, …]} of all that the run has left; the record's time is not known."""
        found = {step: [] for step in EFFECTS}
        with open(self.file) as file:
            for line in file:
                if line.startswith(mark + " "):
                    _, step, when = line.split()
                    found[step].append(float(when))
        for path, key, when in list(self.notes.list):
            at, step = path.split("/")[1:]
            if at == mark:
                check(key and key.split("/")[1] == step, f"POST {path} came with the Idempotency-Key {key}")
                found[step].append(when)
        for row in self.sql.ask(f"SELECT step, extract(epoch FROM at) FROM traces WHERE mark = '{mark}'"):
            step, when = row.split("|")
            found[step].append(float(when))
        if self.has_record(mark):
            found["record"].append(None)
        return found

    def stop(self):
        if self.sql:
            self.sql.stop()
        self.names.stop()
        self.database.stop()
        self.notes.stop()


class Folder:
    """What a run has left on disk at one moment."""

    def __init__(self, path):
        self.path = path
        self.journal, self.checkpoints = self.read("journal.jsonl"), self.read("checkpoints")
        whole = self.journal[:self.journal.rfind(b"\n") + 1]
        self.lines = whole.splitlines(keepends=True)
        notes = re.findall(rb"lifeboat-checkpoint/v1\n(?:[a-z0-9]+ [^\n]*\n)+\n\xe2\x80\x94 [^\n]*\n\n",
                           self.checkpoints)
        self.noted = sum(len(note) for note in notes)
        self.sealed = int(re.search(rb"^records (\d+)$", notes[-1], re.M).group(1)) if notes else 0
        self.sealed_bytes = int(re.search(rb"^bytes (\d+)$", notes[-1], re.M).group(1)) if notes else 0

    def read(self, name):
        try:
            with open(f"{self.path}/{name}", "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""

    def records(self):
        """All whole records; those that are sealed must be sound, a last one behind them may be torn."""
        records = []
        for number, line in enumerate(self.lines):
            try:
                records.append(json.loads(line))
            except ValueError:
                check(number >= self.sealed, f"record {number} is torn, and {self.sealed} records are sealed")
                break
        return records

    def assert_sound(self):
        """Of what is sealed: all of it is there, and chained."""
        check(len(self.lines) >= self.sealed and len(self.journal) >= self.sealed_bytes,
              f"{self.sealed} records of {self.sealed_bytes} bytes are sealed, and there are {len(self.lines)} of "
              f"{len(self.journal)}")
        before = ZERO
        for number, record in enumerate(self.records()[:self.sealed]):
            equal((record["seq"], record["prev"]), (number, before), f"number and link of record {number}")
            before = hashlib.sha256(self.lines[number]).hexdigest()

    def assert_follows(self, earlier):
        """What was sealed before has not changed."""
        check(self.journal.startswith(earlier.journal[:earlier.sealed_bytes]),
              f"the first {earlier.sealed_bytes} bytes of the journal, which were sealed, have changed")
        check(self.checkpoints.startswith(earlier.checkpoints[:earlier.noted]),
              f"the first {earlier.noted} bytes of the checkpoints have changed")


class Life:
    """One run, from its beginning over one or more deaths to its end."""

    def __init__(self, lane, number):
        self.lane, self.ground, self.program = lane, lane.ground, lane.program
        self.mark = f"{lane.name}-{number}"
        self.state = f"{self.ground.folder}/state-{self.mark}"
        self.said = f"{self.ground.folder}/said-{self.mark}"
        self.before = None              # the folder after the last process
        self.probed = 0                 # records that were looked at for probes
        self.had_record = self.record_before = False

    def environment(self):
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.ground.folder, "LANG": "C.UTF-8",
                "TERM": "dumb", "XDG_STATE_HOME": self.state, "XDG_CONFIG_HOME": f"{self.state}/config"}

    def run_path(self):
        """The run's folder, once there is a record in it: what died before that has begun nothing."""
        runs = f"{self.state}/lifeboat/runs"
        for name in sorted(os.listdir(runs)) if os.path.isdir(runs) else ():
            if Folder(f"{runs}/{name}").sealed > 0:
                return f"{runs}/{name}"
        return None

    def run_id(self):
        return os.path.basename(self.run_path())

    def argv(self):
        decided = self.program.argv_auto() + ["--allow-insecure"]
        if self.run_path():
            return [self.program.path, "resume", self.run_id(), *decided]
        return self.program.argv_run(RUNBOOK, self.ground.params(self.mark)) + decided

    def start(self, argv, **streams):
        return subprocess.Popen(argv, env=self.environment(), start_new_session=True, **streams)

    def process(self, kill_after=None):
        """One process; returns its exit code, or None where it was killed."""
        with open(self.said, "wb") as out:
            child = self.start(self.argv(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        try:
            code = child.wait(timeout=60 if kill_after is None else kill_after)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            check(kill_after is not None, f"{self.words()} did not come to an end: {self.tail()}")
            code = None
        return code

    def tail(self):
        with open(self.said, errors="replace") as file:
            return "…" + file.read()[-1500:]

    def words(self):
        return f"run {self.mark} in {self.run_path() or self.state}"

    # ---- looking ----

    def settle(self):
        """Until nothing of a dead process is under way: commands have left their exit status, the server has ended
        our sessions, and what was sent to the others has arrived."""
        path = self.run_path()
        for record in Folder(path).records() if path else ():
            if record["type"] == "evidence" and "supervisor" in record["data"]["evidence"]:
                status = f"{path}/{record['data']['evidence']['status_file']}"
                wait_until(lambda at=status: os.path.exists(at), f"the exit status {status}", 20, 0.005)
        wait_until(lambda: self.ground.sql.ask(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = 'tsb' AND pid <> pg_backend_pid()"
            " AND state <> 'idle'") == ["0"],
            "the sessions of a dead process to end", 20, 0.005)
        time.sleep(0.01)                # loopback is quicker than that

    def look(self):
        """Everything that must hold between two processes."""
        self.settle()
        path = self.run_path()
        traces = self.ground.traces(self.mark)
        self.had_record = bool(traces["record"])
        if not path:
            check(not any(traces.values()), f"there are traces {traces}, and no journal")
            return
        folder = Folder(path)
        folder.assert_sound()
        if self.before:
            folder.assert_follows(self.before)
        records = folder.records()
        self.match_intents(folder, records, traces)
        self.match_outcomes(records, traces)
        self.match_words(records)
        self.match_probes(records, traces)
        self.verify(path)
        self.before = folder

    def match_intents(self, folder, records, traces):
        for step, whens in traces.items():
            intents = [r for r in records if r["type"] == "intent" and r["data"]["step"] == step]
            for when in whens:
                older = [r for r in intents if when is None or stamp(r) <= when + CLOCK_GRAIN]
                check(older, f"step {step} left a trace at {when}, and no intent is older")
                check(older[0]["seq"] < folder.sealed, f"the intent of step {step}, which left a trace, is not sealed")
            check(len(whens) <= len(intents),
                  f"step {step} left {len(whens)} traces, and there are {len(intents)} intents")

    @staticmethod
    def match_outcomes(records, traces):
        for record in records:
            if record["type"] == "outcome" and record["data"]["status"] == "ok" and record["data"]["step"] in traces:
                check(traces[record["data"]["step"]], f"step {record['data']['step']} is ok, and left no trace")

    def match_words(self, records):
        """Who was told that a step began finds that in the journal."""
        with open(self.said, errors="replace") as file:
            told = re.findall(r"^\S+Z Step (\S+) begins", file.read(), re.M)
        for step in told:
            check(any(r["type"] == "intent" and r["data"]["step"] == step for r in records),
                  f"the program said that step {step} begins, and its intent is lost")

    def match_probes(self, records, traces):
        """What probes said since the last look. A trace that is younger than its probe is of a later try."""
        for record in records[self.probed:]:
            if record["type"] != "probe" or record["data"]["step"] not in traces:
                continue
            step, verdict = record["data"]["step"], record["data"]["verdict"]
            self.lane.verdicts[verdict] = self.lane.verdicts.get(verdict, 0) + 1
            whens = traces[step]
            older = [w for w in whens if w is not None and w < stamp(record)]
            there = older or (step == "record" and self.record_before)
            if verdict == "done":
                check(older or (step == "record" and whens),
                      f"the probe of step {step} said done, and there is no trace: {record['data']['lines']}")
            elif verdict == "not-done":
                check(not there,
                      f"the probe of step {step} said not done, and there is a trace: {record['data']['lines']}")
        self.probed = len(records)

    def verify(self, path):
        ended = b'"type":"end"' in Folder(path).journal
        code, said = self.program.call([self.program.path, "verify", self.run_id()], self.environment(), 30)
        check(code in ((FINAL, SEALED) if ended else (SEALED,)), f"verify of {self.words()} says {code}: {said}")
        self.lane.looks += 1
        if self.lane.looks % SCRIPT_EVERY == 0:
            by_script, words = self.program.call(["sh", f"{path}/verify.sh"], self.environment(), 60)
            equal(by_script, code, f"verdict of verify.sh of {self.words()}, which says {words.strip()} where the "
                  f"program says {said.strip()}")

    # ---- deciding ----

    def unknown_step(self):
        """The step that waits for a person, and whether it has happened."""
        records = Folder(self.run_path()).records()
        intents = [r for r in records if r["type"] == "intent"]
        step = intents[-1]["data"]["step"]
        earlier = [r for r in records if r["type"] == "outcome" and r["data"]["step"] == step
                   and r["data"]["status"] == "ok"]
        check(not earlier, f"step {step} is ok, and yet it waits for a decision")
        return step, bool(self.ground.traces(self.mark)[step])

    def decide(self):
        """Marks the unknown step as a person would who has looked at the servers."""
        step, happened = self.unknown_step()
        choice, reason = ("mark it done", "its trace is there") if happened else \
            ("mark it not done", "there is no trace of it")
        talk = Talk(self.start([self.program.path, "resume", self.run_id(), "--plain"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        try:
            talk.choose(choice)
            talk.answer(reason)
            talk.choose("leave")
            talk.end()
        finally:
            talk.close()
        last = [r for r in Folder(self.run_path()).records() if r["type"] == "outcome"][-1]["data"]
        equal((last["step"], last["status"], last.get("marked")), (step, "ok" if happened else "not-done", True),
              f"the decision about {step}, after: {talk.heard[-800:]}")
        self.lane.decided += 1

    # ---- the whole ----

    def left(self):
        """How long the run still takes: that of a whole one, by the steps that are not yet done."""
        path = self.run_path()
        done = sum(1 for r in Folder(path).records() if r["type"] == "outcome" and r["data"]["status"] == "ok") \
            if path else 0
        return self.lane.duration * (STEPS + 1 - min(done, STEPS)) / (STEPS + 1)

    def live(self):
        """Returns how often it was killed."""
        kills = 0
        for _ in range(DEATHS):
            self.record_before = self.had_record
            code = self.process(self.lane.random.uniform(0, self.left()))
            if code is not None:
                # it may have been killed right behind its end: then there is nothing to resume
                check(code in (PASSED, UNDECIDED) or "has ended" in self.tail(),
                      f"{self.words()} ended with {code}: {self.tail()}")
                break
            kills += 1
            if self.lane.random.random() < 0.8:
                self.look()             # else the next process comes while commands are still under way
        self.finish()
        return kills

    def finish(self):
        """Goes on until the run has ended, which then has left exactly what it should."""
        for _ in range(20):
            if self.run_path() and b'"type":"end"' in Folder(self.run_path()).journal:
                break
            self.record_before = self.had_record
            code = self.process()
            check(code in (PASSED, UNDECIDED), f"{self.words()} ended with {code}: {self.tail()}")
            self.look()
            if code == UNDECIDED:
                self.decide_or_wait()
        self.look()
        equal({step: len(whens) for step, whens in self.ground.traces(self.mark).items()},
              {step: 1 for step in EFFECTS}, f"how many traces each step of {self.words()} has left")

    def decide_or_wait(self):
        """A command that was still running has ended by now: the next probe can tell."""
        probes = [r for r in Folder(self.run_path()).records() if r["type"] == "probe"]
        if probes and "still running" in " ".join(probes[-1]["data"]["lines"]):
            self.lane.running += 1
            return
        self.decide()


class Talk:
    """Lines to and from a process that asks."""

    def __init__(self, child):
        self.child, self.heard, self.at = child, "", 0

    def expect(self, pattern):
        end = time.monotonic() + 20
        while True:
            found = re.compile(pattern).search(self.heard, self.at)
            if found:
                self.at = found.end()
                return found
            check(time.monotonic() < end, f"waited for {pattern!r}, and heard …{self.heard[-800:]}")
            if select.select([self.child.stdout], [], [], 0.2)[0]:
                piece = os.read(self.child.stdout.fileno(), 65536)
                check(piece, f"the program ended before {pattern!r}: …{self.heard[-800:]}")
                self.heard += piece.decode("utf-8", "replace")

    def say(self, line):
        self.child.stdin.write(line.encode() + b"\n")
        self.child.stdin.flush()

    def choose(self, label):
        self.say(self.expect(rf"\[(\d+)\] {re.escape(label)} [^\n]*> ").group(1))

    def answer(self, line):
        self.expect(r"> ")
        self.say(line)

    def end(self):
        self.child.stdin.close()
        while True:
            piece = os.read(self.child.stdout.fileno(), 65536)
            if not piece:
                break
            self.heard += piece.decode("utf-8", "replace")
        self.child.wait(timeout=20)

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()


class Lane:
    """Lives one after the other; several lanes use the same servers at the same time."""

    def __init__(self, program, ground, name, seed, goal):
        self.program, self.ground, self.name, self.goal = program, ground, name, goal
        self.random = random.Random(f"{seed}/{name}")
        self.kills = self.lives = self.looks = self.decided = self.running = 0
        self.verdicts, self.failure, self.duration = {}, None, 0.0

    def measure(self):
        """How long a run takes that nobody kills."""
        took = []
        for number in range(3):
            life = Life(self, f"whole-{number}")
            begin = time.monotonic()
            equal(life.process(), PASSED, f"exit code of a run that nobody killed, which said {life.tail()}")
            took.append(time.monotonic() - begin)
            life.look()
        self.duration = sorted(took)[1]

    def go(self, stop):
        try:
            self.measure()
            while self.kills < self.goal and not stop.is_set():
                self.lives += 1
                life = Life(self, self.lives)
                try:
                    self.kills += life.live()
                except Failure as failure:
                    raise Failure(f"{life.words()}, after {self.kills} kills: {failure}") from None
        except BaseException as failure:    # of a thread: told by whoever joins it
            self.failure = failure
            stop.set()


def survive(program, ground, kills, seed):
    lanes = [Lane(program, ground, f"k{n}", seed, (kills + LANES - 1 - n) // LANES) for n in range(LANES)]
    stop = threading.Event()
    threads = [threading.Thread(target=lane.go, args=(stop,), daemon=True) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for lane in lanes:
        if lane.failure:
            raise Failure(f"seed {seed}: {lane.failure}") from lane.failure
    verdicts = {word: sum(lane.verdicts.get(word, 0) for lane in lanes) for word in ("done", "not-done", "unsure")}
    return (f"seed {seed}, {sum(lane.kills for lane in lanes)} kills in {sum(lane.lives for lane in lanes)} runs of "
            f"{max(lane.duration for lane in lanes):.2f} s; probes: "
            + ", ".join(f"{count} {word}" for word, count in verdicts.items())
            + f"; {sum(lane.running for lane in lanes)} still running, {sum(lane.decided for lane in lanes)} decided "
            "by hand")


def all_tests(tally, program, folder, kills=None, seed=None):
    kills = kills or int(os.environ.get("LIFEBOAT_TEST_KILLS", "500"))
    seed = seed or os.environ.get("LIFEBOAT_TEST_SEED") or str(random.randrange(1 << 32))
    if not tally.wants("kill-9-again-and-again"):
        return
    ground = Ground(folder)
    try:
        ground.make()
        tally.run("kill-9-again-and-again", survive, program, ground, kills, seed)
    finally:
        ground.stop()


def main():
    import argparse
    import shutil
    import tempfile

    import checks
    from program import Program

    parser = argparse.ArgumentParser(usage="test_kill.py [--kills N] [--seed N] [--keep] [LIFEBOAT]")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("lifeboat", nargs="?", default=os.environ.get("LIFEBOAT", "./lifeboat"))
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    folder = tempfile.mkdtemp(prefix="lifeboat-kill-")
    os.chmod(folder, 0o711)             # servers of another user have their folders below it
    tally = checks.Tally()
    try:
        all_tests(tally, Program(options.lifeboat), folder, options.kills, options.seed)
    finally:
        if options.keep:
            print(f"# kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return tally.finish()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
