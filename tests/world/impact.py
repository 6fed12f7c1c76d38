"""Does each failure hit what its document says, and no more; and is everything well again at the end of its runbook?

Somebody stands at the first question while the probes of the impact board look at the world with real clients; what they
note in the journal is compared with the table of the document, cell by cell. Then the drill goes on to its end, before
which the same probes must find nothing wrong any more.
"""
import re

from checks import equal
from drill import Drill
from operators import AT_THE_END, Operator
from program import RUNBOOKS

OPERATIONS = ("Running production workloads", "Local cluster operations", "Metrics collection", "Management operations")
# As in the document: workloads, local cluster operations, metrics, management.
TABLE = {
    "workload-cluster-failure": ("limited", "limited", "limited", "none"),
    "edge-control-plane-failure": ("none", "limited", "limited", "none"),
    "connectivity-loss": ("none", "limited", "limited", "none"),
    "central-control-plane-failure": ("none", "limited", "none", "none"),
    "management-plane-failure": ("none", "none", "limited", "total"),
    "management-cluster-failure": ("none", "limited", "total", "total"),
}
SPEED = 12              # what mends itself does so after 6 minutes of the world's; a look at what is silent takes its time
LOOKED = 60             # seconds in which all probes have looked


def levels(drill):
    """What was noted last of each operation, in the order of the table; None where nothing was."""
    journal = drill.journal()
    seen = {record["data"]["operation"]: record["data"]["level"] for record in journal.records("impact")} if journal else {}
    return tuple(seen.get(operation) for operation in OPERATIONS)


def by_operation(four):
    return dict(zip(OPERATIONS, four))


def foreseen(_options, name):
    """What the runbook tells the operator, and the world whoever reads it, is the table as well."""
    for path in (f"{RUNBOOKS}/{name}.yaml", f"{RUNBOOKS}/drills/{name}.yaml"):
        with open(path, encoding="utf-8") as file:
            rows = re.search(r"^impact:\n((?: .*\n|\n)+)", file.read(), re.MULTILINE).group(1)
        found = re.findall(r"- {?operation: ([^,\n]+)(?:, |\n +)level: (\w+)", rows)
        equal(dict(found), by_operation(TABLE[name]), f"the impact in {path}")


class Observer(Operator):
    """Looks at the impact board before the first decision and before the last one."""

    hit = healed = None

    def decide(self, drill, step, choices):
        if not self.hit:
            drill.wait_for(lambda: None not in levels(drill), "a look at every operation", LOOKED)
            self.hit = levels(drill)
        elif step == AT_THE_END:
            drill.wait_for(lambda: set(levels(drill)) == {"none"}, "the probes to find nothing wrong", LOOKED)
            self.healed = True
        return super().decide(drill, step, choices)


def hits_and_heals(options, name):
    observer = Observer()
    with Drill(options.lifeboat, name, speed=min(SPEED, options.speed), keep=options.keep) as drill:
        status = drill.play(observer, options.patience)
        equal(by_operation(observer.hit), by_operation(TABLE[name]), "what the probes measured")
        equal((observer.healed, status), (True, 0), f"healed, and the exit status; it said …{drill.said[-900:]}")
    return "/".join(observer.hit)
