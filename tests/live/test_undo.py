"""Steps taken back against the real servers: a number of replicas, new objects, a changed one, a DNS record."""
import os

from checks import check, contains, equal, wait_until
from journal import Journal
from screen import Pilot, Screen

RUNBOOK = """\
apiVersion: lifeboat/v1
kind: Runbook
metadata: {{id: back, title: There and back, version: 1.0.0, summary: Steps that are taken back.}}
targets:
  cluster: {{type: kubernetes, namespace: {namespace}}}
  zone: {{type: dns, zone: example.com, server: 127.0.0.1, port: {port}, key_file: "{key}"}}
steps:
  - id: scale
    title: More of the shop
    target: cluster
    uses: kubernetes.scale
    with: {{resource: deployments, name: shop, replicas: 3, wait: false}}
    estimate: 1m
  - id: make
    title: Put up the notice
    target: cluster
    uses: kubernetes.apply
    with: {{file: new.yaml}}
    estimate: 1m
  - id: change
    title: Slow down the settings
    target: cluster
    uses: kubernetes.apply
    with: {{file: slow.yaml}}
    undo: {{uses: kubernetes.apply, with: {{file: fast.yaml}}}}
    estimate: 1m
  - id: point
    title: Point the name elsewhere
    target: zone
    uses: dns.update
    with: {{name: {name}, type: A, values: [{there}], ttl: 3}}
    estimate: 1m
  - id: more
    title: Something that is never done
    uses: command.run
    with: {{argv: ["true"]}}
ends: [{{id: done, title: Done}}]
"""
NOTICE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: notice}
data: {text: We are moving.}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: mover}
"""
SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings}}
data: {{mode: {mode}}}
"""
THERE, ELSEWHERE = "127.0.0.30", "127.0.0.31"


class Back:
    def __init__(self, program, world):
        self.program, self.cluster, self.names = program, world.cluster, world.names
        self.folder = f"{world.folder}/undo"
        os.mkdir(self.folder)
        self.namespace = self.cluster.make_namespace("undo")
        self.cluster.make_deployment(self.namespace, "shop", {"app": "shop"}, world.image)
        self.names.reset()
        for name, text in (("new", NOTICE), ("slow", SETTINGS.format(mode="slow")),
                           ("fast", SETTINGS.format(mode="fast"))):
            with open(f"{self.folder}/{name}.yaml", "w") as file:
                file.write(text)
        self.kubectl("apply", "--server-side", "--field-manager=lifeboat", "-f", f"{self.folder}/fast.yaml")
        self.runbook = f"{self.folder}/back.yaml"
        with open(self.runbook, "w") as file:
            file.write(RUNBOOK.format(namespace=self.namespace, port=self.names.port, key=self.names.key_file,
                                      name=self.names.NAME, there=THERE))
        self.state = f"{self.folder}/state"
        self.environment = {**self.cluster.environment, "HOME": self.folder, "XDG_STATE_HOME": self.state,
                            "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}

    def kubectl(self, *arguments):
        return self.cluster.kubectl("-n", self.namespace, *arguments)

    def things(self):
        """All that the steps change, as kubectl and dig see it."""
        names = self.kubectl("get", "configmap,serviceaccount", "-o", "name").split()
        return {
            "replicas": self.kubectl("get", "deployment", "shop", "-o", "jsonpath={.spec.replicas}"),
            "notice": "configmap/notice" in names,
            "mover": "serviceaccount/mover" in names,
            "mode": self.kubectl("get", "configmap", "settings", "-o", "jsonpath={.data.mode}"),
            "address": self.names.dig(self.names.PRIMARY),
        }


class Operator:
    def __init__(self, back, screen):
        self.back, self.screen = back, screen
        self.pilot = Pilot(screen, back.state)

    def newest(self, kind, step):
        return Journal.of(self.back.state).last(kind, step)

    def wait_for(self, kind, step, after):
        """A record about taking the step back that is newer than record number `after`."""
        def there():
            record = self.newest(kind, step)
            return record if record and record["seq"] > after and record["data"].get("undo") is True else None
        try:
            return wait_until(there, f"a {kind} record for taking back {step}", 20)
        except Exception as failure:
            raise type(failure)(f"{failure}; the screen shows:\n{self.screen.text()}") from None

    def look(self, key, kind, step):
        """Asks what taking the step back would do, once the screen offers the key: it takes none while the
        next step is prepared."""
        self.screen.wait(rf" {key} (undo|retry|re-check)\b")
        after = Journal.of(self.back.state).read()[-1]["seq"]
        self.screen.keys(key)
        record = self.wait_for(kind, step, after)
        if kind == "plan":
            self.screen.wait("step " + step + " is to be taken back")
        return record

    def take_back(self, plan):
        """Confirms what is shown, and waits for its end."""
        data = plan["data"]
        self.screen.keys("Enter")
        self.screen.wait("to take this step back|Take this step back")
        if data["confirm"] == "type-name":
            self.screen.type(data["confirm_name"])
            self.screen.keys("Enter")
        else:
            self.screen.keys("y")
        return self.wait_for("outcome", data["step"], plan["seq"])["data"]

    def take_back_at_once(self, step, key="U"):
        outcome = self.take_back(self.look(key, "plan", step))
        equal(outcome["status"], "ok", f"taking back {step}: {outcome.get('error')}")

    def refused(self, step, words):
        blocked = self.look("U", "blocked", step)
        contains(blocked["data"]["error"]["message"], words, f"why {step} is left alone")
        self.screen.wait(" K keep")


def there_and_back(back):
    """Four steps there, four back in the order that is shown, and everything is as it was."""
    before = back.things()
    equal(before, {"replicas": "1", "notice": False, "mover": False, "mode": "fast",
                   "address": [back.names.OLD]}, "how things are before")
    with Screen(back.folder, 160, 48) as screen:
        screen.start([back.program.path, "run", back.runbook], back.environment)
        operator = Operator(back, screen)
        operator.pilot.drive(until=lambda record: record["data"].get("step") == "more")
        equal(back.things(), {"replicas": "3", "notice": True, "mover": True, "mode": "slow", "address": [THERE]},
              "what the steps made of it")
        screen.wait("back out: steps 4, 3, 2, 1; about 4 min")
        somebody_changes_the_record(back, operator)
        operator.take_back_at_once("change")
        equal(back.things()["mode"], "fast", "the settings")
        plan = operator.look("U", "plan", "make")
        contains(str(plan["data"]["preview"]), "DELETE", "the preview of taking back what was made")
        equal(plan["data"]["confirm"], "type-name", "how that is confirmed")
        equal(operator.take_back(plan)["status"], "ok", "taking back what was made")
        somebody_scales(back, operator)
        equal(back.things(), before, "how things are after")
        check(not screen.shows("back out:"), "nothing is left to take back, and the screen says otherwise")
        end(screen)


def somebody_changes_the_record(back, operator):
    """What is no more what the step put there is left alone."""
    back.names.change(ELSEWHERE)
    operator.refused("point", "somebody changed it")
    equal(back.things()["address"], [ELSEWHERE], "the record that somebody changed")
    back.names.change(THERE)
    operator.take_back_at_once("point", "r")
    equal(back.things()["address"], [back.names.OLD], "the record")


def somebody_scales(back, operator):
    """Before it is looked at, and once more between the look and the word to do it."""
    back.kubectl("scale", "deployment", "shop", "--replicas=5")
    operator.refused("scale", "to 5")
    back.kubectl("scale", "deployment", "shop", "--replicas=3")
    plan = operator.look("r", "plan", "scale")
    back.kubectl("scale", "deployment", "shop", "--replicas=4")
    outcome = operator.take_back(plan)
    equal(outcome["status"], "failed", "taking back what somebody changes just then")
    equal(back.things()["replicas"], "4", "what somebody has set")
    back.kubectl("scale", "deployment", "shop", "--replicas=3")
    operator.take_back_at_once("scale", "r")


def end(screen):
    screen.wait("step scale is ready")
    screen.keys("e")
    screen.wait("How does the run end")
    screen.keys("Enter")
    screen.wait("Why does it end here")
    screen.type("everything is taken back")
    screen.keys("Enter")
    screen.wait("The run ended")
    screen.keys("q")
    screen.wait_end()


def on_record(back):
    """The journal is final, and both it and the report tell of the way back."""
    journal = Journal.of(back.state)
    journal.assert_chain()
    taken = [record["data"]["step"] for record in journal.records("outcome")
             if record["data"].get("undo") is True and record["data"]["status"] == "ok"]
    equal(taken, ["point", "change", "make", "scale"], "the steps that were taken back, in order")
    intents = [record["data"]["key"].split("/", 1)[1] for record in journal.records("intent")
               if record["data"].get("undo") is True]
    equal(intents, ["point/undo/1", "change/undo/1", "make/undo/1", "scale/undo/1", "scale/undo/2"], "their keys")
    code, said = back.program.call([back.program.path, "verify", journal.run], back.environment)
    equal(code, 0, f"exit code of verify: {said[-300:]}")
    contains(said, "final", "verify")
    code, said = back.program.call([back.program.path, "report", journal.run], back.environment)
    equal(code, 0, f"exit code of report: {said[-300:]}")
    equal(said.count("it was taken back at"), 4, "steps that the report says were taken back")


def all_tests(tally, program, world):
    back = Back(program, world)
    tally.run("undo-there-and-back", lambda: there_and_back(back))
    tally.run("undo-on-record", lambda: on_record(back))
