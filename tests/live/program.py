"""Runs lifeboat by its command line."""
import os
import subprocess

from checks import Failure
from journal import Journal

RUNBOOKS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "runbooks")
RESTORE = f"{RUNBOOKS}/management-plane-restore.yaml"
TOUR = f"{RUNBOOKS}/first-steps.yaml"
PASSED, FAILED, USAGE, ABORTED, LOCKED, UNDECIDED = range(6)


class Program:
    """`sync_ms`: what a sync of its disk takes beyond what disks take, at most."""

    def __init__(self, path, sync_ms=0):
        self.path, self.sync_ms = os.path.abspath(path), sync_ms
        if not os.access(self.path, os.X_OK):
            raise Failure(f"{path} is not there: build the program first, or name it")

    def argv_run(self, runbook, params):
        given = [word for name, value in params.items() for word in ("-p", f"{name}={value}")]
        return [self.path, "run", runbook, *given]

    @staticmethod
    def argv_auto(yes=("*",), confirm=(), answer=()):
        words = ["--plain", "--auto"]
        for flag, values in (("--yes", yes), ("--confirm", confirm), ("--answer", answer)):
            words += [word for value in values for word in (flag, value)]
        return words

    @staticmethod
    def call(argv, environment, timeout=150):
        """Runs it to its end without a terminal; returns the exit code and what it said."""
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
                                  env=environment, start_new_session=True)
        except subprocess.TimeoutExpired as late:
            said = (late.stdout or b"").decode(errors="replace")
            raise Failure(f"{' '.join(argv[:2])} did not end in {timeout} s; it said: …{said[-600:]}") from None
        return done.returncode, done.stdout + done.stderr

    def run_auto(self, site, runbook=RESTORE, params=None, timeout=150, **decisions):
        argv = self.argv_run(runbook, site.params if params is None else params) + self.argv_auto(**decisions)
        code, said = self.call(argv, site.environment(), timeout)
        return code, said, Journal.of(site.state)

    def resume_auto(self, site, journal, timeout=150, **decisions):
        secrets = [word for name in ("pg_password", "es_password") for word in ("-p", f"{name}={site.params[name]}")]
        argv = [self.path, "resume", journal.run, *secrets, *self.argv_auto(**decisions)]
        return self.call(argv, site.environment(), timeout)
