"""One restore at the screen that is disturbed: cancelled, hung up, killed, left, and started twice."""
import os
import signal

from checks import check, contains, equal, wait_until
from journal import Journal, stamp
from program import LOCKED, PASSED, RESTORE, UNDECIDED
from screen import Pilot, Screen

CANCEL_GOAL_MS, CANCEL_LIMIT_MS = 100, 1000
CANCEL_SYNCS = 3                        # what is synced between the two records, at most


class Disturbed:
    def __init__(self, program, world):
        self.program, self.world = program, world
        self.screen = self.site = self.tokens = self.pilot = None

    @property
    def journal(self):
        return Journal.of(self.site.state)

    def begin(self):
        self.site = self.world.site(have_key=True, old=None)
        self.tokens = self.site.uids()
        self.world.actors.hold_address.set()
        self.screen = Screen(self.site.folder, 120, 40)
        self.start(self.program.argv_run(RESTORE, self.site.params))

    def start(self, argv):
        self.screen.close()
        self.screen.start(argv, self.site.environment())
        self.pilot = Pilot(self.screen, self.site.state)

    def resume(self):
        secrets = [w for name in ("pg_password", "es_password") for w in ("-p", f"{name}={self.site.params[name]}")]
        seen = len(self.journal.records("resumed"))
        last = self.journal.read()[-1]["seq"]
        self.start([self.program.path, "resume", self.journal.run, *secrets])
        wait_until(lambda: len(self.journal.records("resumed")) > seen, "the journal to say that the run goes on")
        self.pilot.handled = last

    def drive_to(self, step):
        """Up to the decision about a step, which is then on the screen."""
        record = self.pilot.drive(until=lambda r: r["type"] == "plan" and r["data"]["step"] == step)
        equal((record["type"], record["data"].get("step")), ("plan", step), "where the run stands")
        return record

    def run_step(self, record):
        """Confirms a planned step and waits until it is under way."""
        step = record["data"]["step"]
        self.pilot.handled = record["seq"]
        self.pilot.confirm(record["data"])
        wait_until(lambda: (self.journal.last("intent", step) or {"seq": -1})["seq"] > record["seq"],
                   f"step {step} to begin")

    def cancel(self, step, status):
        """Cancels the running step by keys; says how long it took from the asking to its outcome."""
        self.pilot.cancel()
        asked = wait_until(lambda: self.journal.last("cancel", step), "the cancel to be noted")
        ended = wait_until(lambda: next((r for r in self.journal.records("outcome", step) if r["seq"] > asked["seq"]),
                                        None), "the cancelled step to end")
        equal(ended["data"]["status"], status, f"outcome of step {step}")
        took = round((stamp(ended) - stamp(asked)) * 1000)
        limit = CANCEL_LIMIT_MS + CANCEL_SYNCS * self.program.sync_ms
        check(took <= limit, f"step {step} took {took} ms to end after the cancel")
        self.pilot.handled = ended["seq"]
        return f"{took} ms" + ("" if took <= CANCEL_GOAL_MS else f", above the goal of {CANCEL_GOAL_MS} ms")

    def cancel_command(self):
        """helm, which would wait for ever."""
        self.begin()
        hold = self.site.helm_hold
        with open(hold, "w"):
            pass
        plan = self.drive_to("install")
        self.run_step(plan)
        wait_until(lambda: self.world.cluster.get(f"/api/v1/namespaces/{self.site.namespace}/services/envoy"),
                   "helm to have applied its last manifest")
        took = self.cancel("install", "unknown")        # a change that was cut off: who knows
        os.unlink(hold)
        return took

    def cancel_wait(self):
        """A wait for something that does not come: the address of the front envoy."""
        self.pilot.run_again("helm finds out by itself what is there")
        self.run_step(self.drive_to("address"))
        took = self.cancel("address", "cancelled")
        self.pilot.prepare_again()
        return took

    def second_instance(self):
        """Another process may not take up a run that is under way; it says who holds it."""
        secrets = [w for name in ("pg_password", "es_password") for w in ("-p", f"{name}={self.site.params[name]}")]
        argv = [self.program.path, "resume", "--no-wait", self.journal.run, *secrets, *self.program.argv_auto()]
        code, said = self.program.call(argv, self.site.environment())
        equal(code, LOCKED, f"exit code of a second instance, which said {said[-400:]}")
        contains(said, str(self.screen.pid(self.journal)), "what the second instance said")

    def hang_up(self):
        """SIGHUP: the step under way is brought to its end and journalled, and nothing follows."""
        plan = self.drive_to("address")
        self.run_step(plan)
        os.kill(self.screen.pid(self.journal), signal.SIGHUP)
        self.world.actors.hold_address.clear()
        wait_until(lambda: self.journal.last("stop"), "the journal to say that the run was left", 30)
        equal(self.screen.wait_end(), UNDECIDED, "exit code after SIGHUP")
        equal(self.journal.outcome("address"), "ok", "the step that was under way")
        records = self.journal.read()
        equal(records[-1]["type"], "stop", "the last record")
        equal([r["type"] for r in records if r["seq"] > self.journal.last("outcome", "address")["seq"]
               and r["type"] == "intent"], [], "steps that began after the hang-up")
        self.journal.assert_chain()

    def killed(self):
        """kill -9 while a step runs: what became of it is unknown until somebody has looked."""
        self.resume()
        plan = self.drive_to("dns-spread")
        self.world.names.change(self.world.names.OLD)   # so that the step waits
        self.run_step(plan)
        os.kill(self.screen.pid(self.journal), signal.SIGKILL)
        self.screen.wait_end()
        records = self.journal.read()
        equal(records[-1]["type"], "intent", "the last record of a killed run")
        self.journal.assert_chain()

    def left_and_finished(self):
        """q at a decision, and the run taken up once more, to its end."""
        self.world.names.change(self.site_address())
        self.resume()
        probe = wait_until(lambda: self.journal.last("probe", "dns-spread"), "the program to look by itself")
        equal(probe["data"]["verdict"], "not-done", "what it found out about a step that only reads")
        self.pilot.run_again("it only looks")
        self.drive_to("ui-by-name")
        self.pilot.leave()
        equal(self.screen.wait_end(), UNDECIDED, "exit code after q")
        self.resume()
        end = self.pilot.drive()
        equal(end["type"], "end", "the last record")
        self.pilot.dismiss()
        equal(self.screen.wait_end(), PASSED, "exit code")
        self.site.assert_restored(self.tokens)
        self.journal.assert_chain()
        return f"{len(self.journal.records('resumed'))} times resumed"

    def site_address(self):
        return self.journal.outputs("address")["ip"]

    def close(self):
        self.world.actors.hold_address.clear()
        if self.screen:
            self.screen.close()


def all_tests(tally, program, world):
    run = Disturbed(program, world)
    try:
        tally.chain((
            ("cancel-of-a-command", run.cancel_command),
            ("cancel-of-a-wait", run.cancel_wait),
            ("second-instance-is-refused", run.second_instance),
            ("hang-up-finishes-the-step", run.hang_up),
            ("kill-9-leaves-it-unknown", run.killed),
            ("left-and-resumed-to-the-end", run.left_and_finished),
        ))
    finally:
        run.close()
