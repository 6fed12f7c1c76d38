"""The live panes on the screen, beside kubectl: what they show must be what it prints."""
import os
import re

from checks import Skip, check, contains, equal, wait_until
from screen import Screen
import pod_statuses

RUNBOOK = """\
apiVersion: lifeboat/v1
kind: Runbook
metadata: {{id: panes, title: Panes, version: 1.0.0, summary: Live panes to look at.}}
targets:
  cluster: {{type: kubernetes, namespace: {namespace}}}
panes:
  pods: [{{target: cluster}}]
  resources:
    - {{target: cluster, resource: deployments}}
    - {{target: cluster, resource: lifeboats.test.example.com}}
  logs: [{{target: cluster, selector: "app=talk"}}]
steps:
  - id: look
    title: Look
    uses: manual.confirm
    with: {{question: "Seen?"}}
"""
AGE = re.compile(r"^(\d+y)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$")
UNITS = {"y": 365 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}


def seconds(age):
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([ydhms])", age))


def cells(line):
    """The cells of a printed row. "4 (3m ago)" is one cell, all others are words."""
    return re.findall(r"\d+ \(\S+ ago\)|\S+", line)


def same(ours, theirs):
    """Equal, or ages that differ by what passed between two looks."""
    if ours == theirs:
        return True
    return (AGE.match(ours) and AGE.match(theirs) and ours and theirs
            and abs(seconds(ours) - seconds(theirs)) <= 5 + seconds(theirs) // 60)


class Panes:
    def __init__(self, program, cluster, folder):
        self.program, self.cluster, self.folder, self.screens = program, cluster, f"{folder}/panes", 0
        os.mkdir(self.folder)
        self.namespace = cluster.make_namespace("panes")
        self.runbook = f"{self.folder}/panes.yaml"
        with open(self.runbook, "w") as file:
            file.write(RUNBOOK.format(namespace=self.namespace))
        self.environment = {**cluster.environment, "HOME": folder, "XDG_STATE_HOME": f"{self.folder}/state",
                            "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}

    def screen(self, columns, rows):
        self.screens += 1
        folder = f"{self.folder}/screen-{self.screens}"
        os.mkdir(folder)
        screen = Screen(folder, columns, rows)
        screen.start([self.program.path, "run", self.runbook], self.environment)
        screen.look_around()
        screen.keys("3", "z")
        return screen

    def kubectl_rows(self, *words):
        said = self.cluster.kubectl("get", *words, "-n", self.namespace, "-o", "wide", "--no-headers")
        return {row[0]: row for row in map(cells, said.splitlines())}

    @staticmethod
    def pane_rows(screen, names):
        rows = {}
        for line in screen.text().splitlines():
            row = [cell for cell in cells(line) if cell != "!"]
            if row and row[0] in names:
                rows[row[0]] = row
        return rows


def statuses(panes):
    """Every cell of every pod's row."""
    pod_statuses.make(panes.cluster, panes.namespace)
    names = set(pod_statuses.STATUSES)
    check(len(names) >= 40, f"only {len(names)} statuses")
    with panes.screen(220, len(names) + 12) as screen:
        screen.wait(f"{len(names)} pods")
        theirs = wait_until(lambda: panes.kubectl_rows("pods"), "kubectl")
        ours = wait_until(lambda: (rows := panes.pane_rows(screen, names)) and len(rows) == len(names) and rows,
                          "all rows on the screen")
        wrong = []
        compared = 0
        for name in sorted(names):
            compared += len(theirs[name])
            pane = ours[name][:len(theirs[name])]
            if len(pane) != len(theirs[name]) or not all(map(same, pane, theirs[name])):
                wrong.append(f"{' '.join(pane)}  but kubectl: {' '.join(theirs[name])}")
        check(not wrong, f"{len(wrong)} rows differ: " + "; ".join(wrong[:5]))
        return f"{len(names)} statuses, {compared} cells"


COLUMNS = [{"name": "Captain", "type": "string", "jsonPath": ".spec.captain"},
           {"name": "Seats", "type": "integer", "jsonPath": ".spec.seats"},
           {"name": "Launched", "type": "date", "jsonPath": ".spec.launched"},
           {"name": "Remark", "type": "string", "jsonPath": ".spec.remark", "priority": 1}]
GROUP, PLURAL = "test.example.com", "lifeboats"


def make_boats(cluster, namespace):
    """A custom resource with columns of its own, and three objects of it."""
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {"group": GROUP, "scope": "Namespaced",
                 "names": {"plural": PLURAL, "singular": "lifeboat", "kind": "Lifeboat"},
                 "versions": [{"name": "v1", "served": True, "storage": True, "additionalPrinterColumns": COLUMNS,
                               "schema": {"openAPIV3Schema": {"type": "object",
                                                              "x-kubernetes-preserve-unknown-fields": True}}}]}}
    cluster.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition, also=(409,))
    base = f"/apis/{GROUP}/v1/namespaces/{namespace}/{PLURAL}"
    wait_until(lambda: cluster.request("GET", base)[0] == 200, "the custom resource to be served")
    for name, captain, seats in (("alpha", "Ada", 12), ("bravo", "Ben", 3), ("delta", "Dora", 40)):
        cluster.must("POST", base, {"apiVersion": f"{GROUP}/v1", "kind": "Lifeboat", "metadata": {"name": name},
                                    "spec": {"captain": captain, "seats": seats, "remark": "seaworthy",
                                             "launched": "2026-01-01T00:00:00Z"}})


def drop_boats(cluster):
    cluster.request("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{PLURAL}.{GROUP}")


def compare(panes, screen, resource, names):
    theirs = panes.kubectl_rows(resource)
    ours = wait_until(lambda: (rows := panes.pane_rows(screen, names)) and len(rows) == len(names) and rows,
                      f"the {resource} on the screen", 15)
    for name in names:
        check(all(map(same, ours[name], theirs[name])) and len(ours[name]) >= len(theirs[name]),
              f"{resource} {name}: {ours[name]}, but kubectl: {theirs[name]}")


def resources(panes):
    """Other resources, a custom one too, with the server's columns."""
    cluster, namespace = panes.cluster, panes.namespace
    make_boats(cluster, namespace)
    cluster.make_deployment(namespace, "talker", {"app": "talk"}, "rancher/mirrored-pause:3.9")
    wait_until(lambda: cluster.available(namespace, "talker"), "the deployment")
    with panes.screen(220, 50) as screen:
        screen.wait("running-two")
        screen.keys("]")
        screen.wait("talker")
        compare(panes, screen, "deployments", {"talker"})
        screen.keys("]")
        screen.wait("bravo")
        compare(panes, screen, f"{PLURAL}.{GROUP}", {"alpha", "bravo", "delta"})
        screen.keys("R")
        screen.type("namespaces")
        screen.keys("Enter")
        screen.wait(re.escape(namespace) + r"\s+Active")


def looking(panes):
    """What is in trouble says why; a filter hides, a search moves, a sort orders, details are everything."""
    with panes.screen(160, 48) as screen:
        screen.wait(f"{len(pod_statuses.STATUSES)} pods|pods")
        screen.keys("f")
        screen.type("evicted")
        screen.keys("Enter")
        screen.wait("hidden")
        screen.wait("low on resource")
        check(not screen.shows("running-two"), "the filter hides nothing")
        screen.keys("Escape")
        screen.wait("crash-loop ")
        screen.keys("/")
        screen.type("oom")
        screen.keys("Enter", "d")
        screen.wait("OOMKilled")
        contains(screen.text(), "oom-killed", "the page of details")
        screen.keys("Escape", "Escape")
        screen.keys("!")
        wait_until(lambda: not screen.shows("running-two") and screen.shows("crash-loop"), "only what is in trouble")


def logs(panes):
    """Lines are followed, searched, filtered and saved; what is a secret never comes so far."""
    folder = os.environ.get("LIFEBOAT_TEST_POD_LOGS")
    if not folder:
        raise Skip("LIFEBOAT_TEST_POD_LOGS names no folder of the nodes' logs")
    pods = panes.cluster.must("GET", f"/api/v1/namespaces/{panes.namespace}/pods?labelSelector=app%3Dtalk")["items"]
    base = f"{folder}/{panes.namespace}_{pods[0]['metadata']['name']}_main"
    with open(f"{base}.log", "w") as file:
        file.writelines(f"{number} plain words\n" for number in range(200))
        file.write('{"level":"error","msg":"hull breached","deck":4}\n')
    try:
        with panes.screen(160, 48) as screen:
            screen.keys("z", "4", "z")
            screen.wait("hull breached")
            check(not screen.shows('"msg"'), "JSON is not made readable")
            screen.keys("J")
            screen.wait('"msg":"hull breached"')
            screen.keys("f")
            screen.type("/^1[0-3] plain/")
            screen.keys("Enter")
            screen.wait("(?s)10 plain.*13 plain")
            check(not screen.shows("14 plain"), "the filter hides nothing")
            screen.keys("S", "C-u")
            saved = f"{panes.folder}/saved.log"
            screen.type(saved)
            screen.keys("Enter")
            wait_until(lambda: os.path.exists(saved) and os.path.getsize(saved), "the saved file")
            equal(os.stat(saved).st_mode & 0o777, 0o600, "mode of the saved file")
            with open(saved) as file:
                lines = [line for line in file if "plain words" in line]
            equal(len(lines), 4, "lines in the saved file")
            screen.keys("Escape")
            screen.keys("/")
            screen.type("77 plain")
            screen.keys("Enter")
            screen.wait("77 plain")
            with open(f"{base}.log", "a") as file:
                file.write("after the search\n")
            screen.wait("new line")
            screen.keys("Escape", "G")
            screen.wait("after the search")
    finally:
        with open(f"{base}.end", "w"):
            pass


def tests(program, cluster, folder):
    panes = Panes(program, cluster, folder)
    return panes, [("panes-statuses", lambda: statuses(panes)), ("panes-resources", lambda: resources(panes)),
                   ("panes-looking", lambda: looking(panes)), ("panes-logs", lambda: logs(panes))]


def all_tests(tally, program, world):
    panes, list_of_tests = tests(program, world.cluster, world.folder)
    try:
        for name, test in list_of_tests:
            tally.run(name, test)
    finally:
        pod_statuses.release(panes.cluster, panes.namespace)
        drop_boats(panes.cluster)
