"""The six failures: each with each of its variants passes with the right actions, and does not with wrong ones."""
import json
import subprocess

import impact
from checks import contains, equal
from drill import Drill
from operators import Operator

NOT_PASSED = 1


class Way:
    """One way through a drill. `wrong`: the steps that the debrief must name as landed, `caught`: as caught; `reason`: what
    it must say besides; `speed`: the fastest its world may go. The others are an Operator's, or words of the command line."""

    def __init__(self, scenario, name, variant=None, by_hand=False, confirm=(), params=None, wrong=(), caught=(), reason="",
                 speed=None, **operator):
        self.scenario, self.variant = scenario, variant
        self.name = f"{scenario}{' × ' + variant if variant else ''}: {name}"
        self.by_hand, self.confirm, self.params, self.operator = by_hand, confirm, params, operator
        self.wrong, self.caught, self.reason = wrong, caught, reason
        self.speed = speed

    def drill(self, options):
        variants = [self.variant] if self.variant else []
        speed = min(self.speed or options.speed, options.speed)
        return Drill(options.lifeboat, self.scenario, *variants, speed=speed, params=self.params, keep=options.keep)

    def words(self):
        """What the command line says for --auto."""
        words = ["--yes", "*"]
        words += [word for answer in self.operator.get("answers", {}).items() for word in ("--answer", "=".join(answer))]
        return words + [word for name in self.confirm for word in ("--confirm", name)]

    def go(self, drill, patience):
        if self.by_hand:
            return drill.play(Operator(**self.operator), patience)
        return drill.auto(*self.words(), timeout=patience)


UNHURRIED = 8           # of a world that mends itself after minutes: who calls it over too early must be earlier, on any machine

RIGHT = (
    Way("workload-cluster-failure", "wait for it"),
    Way("edge-control-plane-failure", "restart the operator"),
    Way("edge-control-plane-failure", "install anew", answers={"choice": "reinstall"}, confirm=("affected",)),
    Way("connectivity-loss", "have the way opened"),
    Way("central-control-plane-failure", "restart central"),
    Way("central-control-plane-failure", "install anew", answers={"choice": "reinstall"}, confirm=("central",)),
    Way("management-plane-failure", "restart tsb and iam"),
    Way("management-cluster-failure", "wait for it"),
    Way("workload-cluster-failure", "begin a new queue", "broken-queue", by_hand=True,
        mends={"edge": ("app-2", "-n", "istio-system", "rollout", "restart", "deployment", "otel-collector")}),
    Way("edge-control-plane-failure", "switch the operator on", "operator-off", by_hand=True, patient=("operator",),
        mends={"operator": ("app-2", "-n", "istio-system", "scale", "deployment", "tsb-operator-control-plane",
                            "--replicas=1")}),
    Way("connectivity-loss", "have both ports opened", "half-open"),
    Way("central-control-plane-failure", "restart central", "no-operator"),
    Way("management-plane-failure", "wait for the database", "database-away", by_hand=True, patient=("database",)),
    Way("management-cluster-failure", "restore", "never-returns", by_hand=True, answers={"choice": "restore"}, end=2),
)

WRONG = (
    Way("workload-cluster-failure", "taken for another", answers={"judge": "another"}, end=3, wrong=("another",)),
    Way("workload-cluster-failure", "build anew", answers={"choice": "rebuild"}, end=2, wrong=("install",)),
    Way("workload-cluster-failure", "believe an old list", passes_over=("edge-log",), wrong=("in-step",)),
    Way("edge-control-plane-failure", "taken for another", answers={"judge": "another"}, end=4, wrong=("another",)),
    Way("edge-control-plane-failure", "install without a look at the tokens", answers={"choice": "reinstall"},
        passes_over=("tokens",), end=2, wrong=("reinstall",)),
    Way("connectivity-loss", "taken for another", answers={"judge": "another"}, end=2, wrong=("another",)),
    Way("connectivity-loss", "declare it over", passes_over=("way-back", "collector-log"), wrong=("in-step",),
        reason='"edge-2-in-step" did not hold', speed=UNHURRIED),
    Way("central-control-plane-failure", "taken for another", answers={"judge": "another"}, end=4, wrong=("another",)),
    Way("central-control-plane-failure", "ask the edges first", passes_over=("central",), wrong=("edge-logs",)),
    Way("management-plane-failure", "taken for another", answers={"judge": "another"}, end=3, wrong=("another",)),
    Way("management-plane-failure", "restart blindly", passes_over=("database",), wrong=("restart",)),
    Way("management-plane-failure", "give it up", answers={"choice": "restore"}, end=2, wrong=("restore",)),
    Way("management-cluster-failure", "taken for another", answers={"judge": "another"}, end=3, wrong=("another",)),
    Way("management-cluster-failure", "give it up", answers={"choice": "restore"}, end=2, wrong=("restore",)),
    Way("management-cluster-failure", "declare it over", passes_over=("edge-logs",), wrong=("in-step",)),
    Way("workload-cluster-failure", "build anew", "broken-queue", answers={"choice": "rebuild"}, passes_over=("edge",),
        end=2, wrong=("install", "in-step"), reason='"metrics-2-flow" did not hold'),
    Way("edge-control-plane-failure", "restart what is not there", "operator-off", passes_over=("operator",), end=3,
        wrong=("restart",)),
    Way("connectivity-loss", "look at one port", "half-open", passes_over=("collector-log",), wrong=("in-step",),
        reason='"metrics-2-flow" did not hold', speed=UNHURRIED),
    Way("central-control-plane-failure", "delete central", "no-operator", answers={"choice": "reinstall"}, end=3,
        caught=("reinstall",), reason="Handed over"),
    Way("management-plane-failure", "give it up", "database-away", answers={"choice": "restore"}, patient=("database",),
        end=2, wrong=("restore",)),
    Way("management-cluster-failure", "wait all the same", "never-returns", params={"patience": "5s"},
        answers={"choice": ("wait", "restore")}, end=2, wrong=("back",)),
)


def debriefed(drill, way):
    """The debrief, which is about that drill; and nothing is left of its world."""
    equal(drill.leftovers(), [], "what is left of the world")
    drill.journal().assert_chain()
    debrief = drill.debrief()
    equal(debrief["scenario"], way.scenario, "the scenario of the debrief")
    equal([variant["name"] for variant in debrief["variants"]], [way.variant] if way.variant else [], "its variants")
    return debrief


def passes(options, way):
    with way.drill(options) as drill:
        status = way.go(drill, options.patience)
        equal(status, 0, f"exit status of the drill, which said …{drill.said[-1500:]}")
        debrief = debriefed(drill, way)
        for member in ("reasons", "wrong", "skipped_checks"):
            equal(debrief[member], [], f"{member} of the debrief")
        equal(debrief["passed"], True, "passed")
        contains(drill.said, "**Passed**", "what was printed")


def does_not_pass(options, way):
    with way.drill(options) as drill:
        status = drill.play(Operator(**way.operator), options.patience)
        equal(status, NOT_PASSED, f"exit status of the drill, which said …{drill.said[-1500:]}")
        debrief = debriefed(drill, way)
        equal(debrief["passed"], False, "passed")
        assert_named(debrief, way, " ".join(drill.said.split()))


def spec(item):
    return item["step"].split("[")[0]


def assert_named(debrief, way, said):
    """The wrong actions, and no others, in the debrief and on the screen."""
    for caught, wanted in ((False, way.wrong), (True, way.caught)):
        items = [item for item in debrief["wrong"] if item["caught"] == caught]
        equal({spec(item) for item in items}, set(wanted), "the wrong actions that were caught" if caught else "that landed")
        for item in items:
            contains(said, " ".join(item["why"].split()), "what was printed")
    for item in debrief["wrong"]:
        named = any(f"({item['step']})" in reason and item["why"] in reason for reason in debrief["reasons"])
        equal(named, not item["caught"], f"whether the reasons name {item['step']}, {debrief['reasons']}")
    equal({spec(item) for item in debrief["skipped_checks"]}, set(way.operator.get("passes_over", ())), "skipped checks")
    contains(" ".join(debrief["reasons"]), way.reason, "the reasons")


def all_variants(options):
    """Every variant that the program lists is in both tables, and nothing else."""
    with Drill(options.lifeboat, "none", speed=1) as nowhere:
        done = subprocess.run([options.lifeboat, "drill", "--json"], capture_output=True, text=True, check=True,
                              timeout=20, env=nowhere.environment())
    listed = {(scenario["id"], variant) for scenario in json.loads(done.stdout) if scenario["id"] in impact.TABLE
              for variant in [None, *(variant["name"] for variant in scenario["variants"])]}
    equal({scenario for scenario, _ in listed}, set(impact.TABLE), "the scenarios")
    for name, table in (("right", RIGHT), ("wrong", WRONG)):
        equal(listed ^ {(way.scenario, way.variant) for way in table}, set(), f"the list without the {name} ways")


def list_of_tests():
    """Name, test, and its arguments after the options."""
    tests = [("failures: every variant is tried", all_variants, (), {})]
    tests += [(f"{name}: impact as foreseen", impact.foreseen, (name,), {}) for name in impact.TABLE]
    tests += [(f"{name}: impact", impact.hits_and_heals, (name,), {}) for name in impact.TABLE]
    tests += [(f"{way.name} passes", passes, (way,), {}) for way in RIGHT]
    return tests + [(f"{way.name} does not pass", does_not_pass, (way,), {}) for way in WRONG]
