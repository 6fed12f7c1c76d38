"""A bad night: one restore that meets one trouble after the other, each mended and the run taken up again."""
import shutil

from checks import check, contains, equal
from program import FAILED, PASSED, USAGE
from world import SECRET_WORDS


class Night:
    """The run of the night, and how far it has come."""

    def __init__(self, program, world):
        self.program, self.world = program, world
        self.site = self.journal = None
        self.tokens = None

    def go_on(self):
        """Takes the run up again; returns the exit code and what the program said."""
        return self.program.resume_auto(self.site, self.journal)

    def assert_stopped_at(self, code, said, step, *words):
        """The run stands at a step, says why, and has gone no further."""
        equal(code, FAILED, f"exit code at step {step}; the program said …{said[-600:]}")
        self.journal.assert_chain()
        last = [r for r in self.journal.read() if r["type"] in ("outcome", "blocked", "skip")][-1]
        equal(last["data"].get("step"), step, "the step at which the run stands")
        check(last["type"] == "blocked" or last["data"].get("status") == "failed", f"step {step} has passed")
        for word in words:
            contains(self.journal.message(step), word, f"the message of step {step}")
            contains(said, word, "what the program said")

    def database_down(self):
        self.world.database.stop()
        self.site = self.world.site(have_key=False, old=None, limited=True, root="other",
                                    files=("mp-values.yaml",))
        shutil.copy(self.world.names.wrong_key_file, self.site.key_file)
        self.tokens = self.site.uids()
        code, said, self.journal = self.program.run_auto(self.site)
        self.assert_stopped_at(code, said, "database-available", str(self.world.database.port), "refused")

    def resume_without_secret(self):
        """Without a terminal nothing is asked: the message names the flag."""
        argv = [self.program.path, "resume", self.journal.run, *self.program.argv_auto()]
        code, said = self.program.call(argv, self.site.environment())
        equal(code, USAGE, "exit code of resume without the password")
        contains(said, "-p pg_password=", "what the program said")

    def file_missing(self):
        self.world.database.start()
        self.assert_stopped_at(*self.go_on(), "backup-files[credentials.yaml]", "credentials.yaml")
        equal(self.journal.outcome("database-available"), "ok", "the step that had failed before")

    def forbidden(self):
        self.site.write_file("credentials.yaml", "other")
        self.assert_stopped_at(*self.go_on(), "credentials", "403", "secrets")
        equal(self.world.cluster.secret(self.site.namespace, "tsb-certs"), None, "a Secret that may not be there")

    def wrong_root(self):
        self.site.grant_secrets()
        self.assert_stopped_at(*self.go_on(), "same-root", "another root")

    def wrong_tsig_key(self):
        self.site.write_file("credentials.yaml")
        self.world.cluster.kubectl("--namespace", self.site.namespace, "apply", "--server-side", "--force-conflicts",
                                   "-f", f"{self.site.backup}/credentials.yaml")
        self.assert_stopped_at(*self.go_on(), "update-dns", "BADSIG")
        equal(self.world.names.dig(self.world.names.PRIMARY), [self.world.names.OLD], "the DNS record")
        check(self.world.cluster.available(self.site.namespace, "central"), "the install before it is not there")

    def record_changed_by_somebody(self):
        """Compare and set: the record is not what was read at the start, so it is left alone."""
        shutil.copy(self.world.names.key_file, self.site.key_file)
        self.world.names.change("127.0.0.77")
        self.assert_stopped_at(*self.go_on(), "update-dns")
        equal(self.world.names.dig(self.world.names.PRIMARY), ["127.0.0.77"], "the DNS record of somebody else")
        self.world.names.change(self.world.names.OLD)

    def recovered(self):
        code, said = self.program.resume_auto(self.site, self.journal, confirm=("app-1", "app-2"))
        equal(code, PASSED, f"exit code of the last resume, which said …{said[-900:]}")
        self.site.assert_restored(self.tokens)
        self.journal.assert_chain()
        self.journal.assert_no_secret(SECRET_WORDS)
        return f"{len(self.journal.read())} records, {len(self.journal.records('resumed'))} times resumed"

    def close(self):
        if self.world.database.process and not self.world.database.process.alive():
            self.world.database.start()


def all_tests(tally, program, world):
    night = Night(program, world)
    try:
        tally.chain((
            ("failure-database-down", night.database_down),
            ("failure-resume-without-secret", night.resume_without_secret),
            ("failure-backup-file-missing", night.file_missing),
            ("failure-forbidden", night.forbidden),
            ("failure-wrong-root", night.wrong_root),
            ("failure-wrong-tsig-key", night.wrong_tsig_key),
            ("failure-record-changed", night.record_changed_by_somebody),
            ("failure-all-mended", night.recovered),
        ))
    finally:
        night.close()
