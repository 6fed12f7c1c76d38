"""The tour of a newcomer: runbooks/first-steps.yaml, without a terminal and by keys."""
import os

from checks import check, contains, equal
from journal import Journal
from program import PASSED, TOUR, UNDECIDED
from screen import Pilot, Screen


class Place:
    """An environment for the tour: a home and a state folder of its own."""

    def __init__(self, folder, name):
        self.folder = f"{folder}/tour-{name}"
        self.state = f"{self.folder}/state"
        os.makedirs(self.folder)
        self.params = {}

    def environment(self):
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.folder, "LANG": "C.UTF-8",
                "TERM": "xterm-256color", "XDG_STATE_HOME": self.state}

    def assert_clean(self):
        path = f"/tmp/lifeboat-tour-{Journal.of(self.state).run}"
        equal(Journal.of(self.state).outputs("folder")["path"], path, "the folder of the tour")
        check(not os.path.exists(path), f"the tour left {path} behind")


def automatic(program, folder):
    place = Place(folder, "automatic")
    code, said, journal = program.run_auto(place, TOUR)
    equal(code, PASSED, f"exit code of the tour, which said …{said[-600:]}")
    journal.assert_chain()
    statuses = journal.statuses()
    equal(statuses["storm"], "skipped", "the step that is left out in fine weather")
    equal(journal.outputs("name")["name"], "Calm Water", "the default of an input")
    equal(journal.last("end")["data"]["id"], "finished", "how the run ended")
    place.assert_clean()


def undecided(program, folder):
    place = Place(folder, "undecided")
    code, said, journal = program.run_auto(place, TOUR, yes=("welcome",))
    equal(code, UNDECIDED, "exit code without the decisions")
    contains(said, "--yes", "what the program said")
    code, said = program.call([program.path, "resume", journal.run, *program.argv_auto()], place.environment())
    equal(code, PASSED, f"exit code of resume, which said …{said[-600:]}")
    journal.assert_chain()
    place.assert_clean()


def by_keys(program, folder):
    """Through a storm: a step fails, is prepared again with r, and passes."""
    place = Place(folder, "keys")
    with Screen(place.folder, 80, 24) as screen:
        screen.start([program.path, "run", TOUR], place.environment())
        pilot = Pilot(screen, place.state, {"weather": "storm"})
        failed = pilot.drive()
        equal(failed["data"].get("step"), "storm", "the step that failed")
        pilot.prepare_again()
        pilot.skip_next("skip", "I want to see how that is done")
        end = pilot.drive()
        equal(end["type"], "end", "the last record")
        pilot.dismiss()
        equal(screen.wait_end(), PASSED, "exit code")
    journal = Journal.of(place.state)
    journal.assert_chain()
    equal([r["data"]["status"] for r in journal.records("outcome", "storm")], ["failed", "ok"], "outcomes of the storm")
    equal(journal.last("skip", "skip")["data"]["reason"], "I want to see how that is done", "why it was skipped")
    check("welcome" in pilot.seen, "the first step was never on the screen")
    place.assert_clean()


def all_tests(tally, program, folder):
    tally.run("tour-automatic", automatic, program, folder)
    tally.run("tour-undecided-then-resume", undecided, program, folder)
    tally.run("tour-by-keys-through-a-storm", by_keys, program, folder)
