"""The impact board on the screen: what a probe sees of the cluster, and that it follows what happens there."""
import os
import time

from checks import check, contains, equal, wait_until
from journal import Journal
from screen import Screen

RUNBOOK = """\
apiVersion: lifeboat/v1
kind: Runbook
metadata: {{id: impact, title: Impact, version: 1.0.0, summary: Operations to look at.}}
targets:
  cluster: {{type: kubernetes, namespace: {namespace}}}
  nobody: {{type: http, url: "http://127.0.0.1:1"}}
impact:
  - {{operation: Running production workloads, level: none, text: They run on.}}
  - operation: Local cluster operations
    level: limited
    text: What is new does not arrive.
    probe: {{uses: kubernetes.get, target: cluster, with: {{resource: configmaps, name: app}},
            expect: 'if .data.mode == "slow" then "limited" else "none" end', message: the app is slow or gone}}
  - operation: Management operations
    level: total
    probe: {{uses: http.check, target: nobody}}
steps:
  - id: look
    title: Look
    uses: manual.confirm
    with: {{question: "Seen?"}}
ends: [{{id: done, title: Done}}]
"""
SOON = 20           # seconds in which the board must follow


class Impact:
    def __init__(self, program, cluster, folder):
        self.program, self.cluster, self.folder = program, cluster, f"{folder}/impact"
        os.mkdir(self.folder)
        self.namespace = cluster.make_namespace("impact")
        self.path = f"/api/v1/namespaces/{self.namespace}/configmaps"
        self.runbook = f"{self.folder}/impact.yaml"
        with open(self.runbook, "w") as file:
            file.write(RUNBOOK.format(namespace=self.namespace))
        self.state = f"{self.folder}/state"
        self.environment = {**cluster.environment, "HOME": folder, "XDG_STATE_HOME": self.state,
                            "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}

    def make_app(self, mode):
        self.cluster.must("POST", self.path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app"},
                                              "data": {"mode": mode}})

    def drop_app(self):
        self.cluster.must("DELETE", f"{self.path}/app")


def follows(impact):
    """An app that is there, slow, gone, and there again."""
    impact.make_app("fast")
    screen = Screen(impact.folder, 120, 36)
    with screen:
        screen.start([impact.program.path, "run", impact.runbook], impact.environment)
        screen.look_around()
        screen.keys("6", "z")
        screen.wait(r"NOW ✓ works since \S+Z, looked \d+s ago", SOON)
        screen.wait(r"Management operations\s+as foreseen since .*127\.0\.0\.1", SOON)
        contains(screen.text(), "nobody looks (no probe)", "the board")
        begin = time.monotonic()
        impact.drop_app()
        screen.wait(r"as foreseen since .*the app is slow or gone", SOON)
        impact.make_app("fast")
        screen.wait("NOW ✓ works", SOON)
        taken = time.monotonic() - begin
        impact.drop_app()
        impact.make_app("slow")
        screen.wait(r"as foreseen since .*the app is slow or gone", SOON)
        screen.keys("1", "Enter")
        screen.wait(r"\[y/n\]")
        screen.keys("y")
        screen.wait("The run ended")
        screen.keys("q")
        wait_until(lambda: screen.ended() is not None, "the program to end")
    journal = Journal.of(impact.state)
    levels = [record["data"]["level"] for record in journal.records("impact")
              if record["data"]["operation"] == "Local cluster operations"]
    check(levels[0] == "none" and levels[-1] == "limited", f"levels on record: {levels}")
    check(all(a != b for a, b in zip(levels, levels[1:])), f"a level is on record twice: {levels}")
    equal(journal.last("impact")["data"]["predicted"], "limited", "what was foreseen")
    return f"two changes followed in {taken:.0f} s, {len(levels)} on record"


def reported(impact):
    """The report has a table of it."""
    journal = Journal.of(impact.state)
    code, said = impact.program.call([impact.program.path, "report", journal.run], impact.environment)
    equal(code, 0, f"exit code of report: {said[-300:]}")
    contains(said, "## Impact", "the report")
    contains(said, "nobody looked", "the report")


def all_tests(tally, program, world):
    impact = Impact(program, world.cluster, world.folder)
    tally.run("impact-follows", lambda: follows(impact))
    tally.run("impact-report", lambda: reported(impact))
