"""The form of parameters before a run: filled in by keys and by lines, with lists from a real cluster."""
import os
import re
import secrets as random
import shutil
import subprocess

from checks import check, equal
from journal import Journal
from program import TOUR
from screen import Pilot, Screen
from test_tour import Place

CANCELLED = 3
SECRET = "s3cret-of-the-form"

PARAMS = """
params:
  product: {type: choice, choices: [tsb, tse], default: tsb, title: Product}
  label: {default: "${.params.product}-label", title: Label}
  fqdn: {type: hostname, title: Name of the boat}
  pause: {type: duration, default: 5m, title: How long to wait}
  token: {type: secret, title: Token}
"""

CLUSTER = """
params:
  context: {title: Context}
  namespace: {title: Namespace}
  token: {type: secret, from: [kubernetes], title: Token}
targets:
  cluster: {type: kubernetes, context: "${.params.context}", namespace: "${.params.namespace}"}
"""


def tour_with(place, params):
    """The tour, with parameters that it has not got itself."""
    with open(TOUR, encoding="utf-8") as file:
        text = file.read()
    path = f"{place.folder}/tour.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("\nsteps:", params + "\nsteps:", 1))
    return path


def start(screen, argv, environment):
    """The program anew, in a terminal of its own."""
    screen.close()
    screen.start(argv, environment)


def runs(place):
    folder = f"{place.state}/lifeboat/runs"
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def leave(screen, place):
    """Out of the run that has begun."""
    pilot = Pilot(screen, place.state)
    pilot.answer(pilot.drive(until=lambda record: record["type"] == "prompt")["data"])
    screen.wait(r"Enter run")
    pilot.leave()
    screen.wait_end()


def assert_secret_is_nowhere(place, screens):
    for text in screens:
        check(SECRET not in text, "the secret is on the screen")
    for where, _, names in os.walk(place.state):
        for name in names:
            with open(os.path.join(where, name), "rb") as file:
                check(SECRET.encode() not in file.read(), f"the secret is in {name}")


def by_keys(program, folder):
    """Fills the form, starts the tour; the next time the last run's values are there, and resume asks for the secret."""
    place = Place(folder, "form")
    tour, seen = tour_with(place, PARAMS), []
    with Screen(place.folder, 80, 24) as screen:
        screen.start([program.path, "run", tour, "-p", "pause=90s"], place.environment())
        screen.wait(r"> Name of the boat +to fill in")
        screen.wait(r"How long to wait +1m30s +given by -p")
        screen.type("no_host")
        screen.keys("Enter")
        screen.wait(r"no_host.* is no host name")
        screen.keys("C-u")
        screen.type("boat.example.com")
        screen.keys("Enter")
        screen.wait(r"Name of the boat +boat.example.com +typed here")
        screen.keys("Up", "Up", "Up", "Right")
        screen.wait(r"Label +tse-label +default")
        screen.keys("C-s")
        screen.wait(r"token: it is to be filled in")
        screen.type(SECRET)
        screen.wait(rf"\(hidden, {len(SECRET)} characters\)")
        seen.append(screen.text())
        screen.keys("Enter")
        screen.wait(r"everything is filled in")
        seen.append(screen.text())
        screen.keys("Enter")
        leave(screen, place)
        params = Journal.of(place.state).read()[0]["data"]["params"]
        equal({name: params[name] for name in ("product", "label", "fqdn", "pause", "token")},
              {"product": "tse", "label": "tse-label", "fqdn": "boat.example.com", "pause": "1m30s",
               "token": "‹secret:token›"}, "the parameters in the journal")
        again(program, place, screen, tour)
        resumed(program, place, screen, seen)
    assert_secret_is_nowhere(place, seen)


def again(program, place, screen, tour):
    before = runs(place)
    start(screen, [program.path, "run", tour], place.environment())
    screen.wait(r"Product +tse +last run, \d{4}-\d\d-\d\d")
    screen.wait(r"Label +tse-label +default")
    screen.wait(r"> Token +to fill in")
    screen.keys("Escape")
    equal(screen.wait_end(), CANCELLED, "exit code of the form that was left")
    equal(runs(place), before, "the runs after a form that was left")


def resumed(program, place, screen, seen):
    start(screen, [program.path, "resume"], place.environment())
    screen.wait(r"row 1 of 2; 1 to fill in")
    check(not screen.shows(r"Name of the boat"), "resume asks for more than the secret")
    screen.type(SECRET)
    screen.keys("Enter")
    screen.wait(r"\[ Go on \]")
    screen.keys("Enter")
    screen.wait(r"Steps")
    seen.append(screen.text())
    pilot = Pilot(screen, place.state)
    pilot.leave()
    screen.wait_end()


def by_lines(program, folder):
    """The same with --plain: numbered, with a summary at the end."""
    place = Place(folder, "form-lines")
    tour = tour_with(place, PARAMS)
    with Screen(place.folder, 100, 50) as screen:
        screen.start([program.path, "run", "--plain", tour], place.environment())
        screen.wait(r"fqdn \(hostname\)>")
        screen.type("boat.example.com")
        screen.keys("Enter")
        screen.wait(r"token \(secret, hidden\)>")
        screen.type(SECRET)
        screen.keys("Enter")
        screen.wait(r"Start\? \[y/N\]")
        check(SECRET not in screen.text(), "the secret is on the screen")
        screen.type("1")
        screen.keys("Enter")
        screen.wait(r"\[2\] tse")
        screen.type("2")
        screen.keys("Enter")
        screen.wait(r"(?s)label: tse-label \(default\).*Start\? \[y/N\]")
        screen.type("y")
        screen.keys("Enter")
        screen.wait(r"\[y/n\]")
        screen.keys("C-d")
        screen.wait_end()
    equal(Journal.of(place.state).read()[0]["data"]["params"]["label"], "tse-label", "the label in the journal")
    assert_secret_is_nowhere(place, [])


def asked_for(program, folder):
    """--ask shows the form though nothing is missing; without it there is none."""
    place = Place(folder, "form-ask")
    tour = tour_with(place, PARAMS)
    with open(f"{place.folder}/token", "w", encoding="utf-8") as file:
        file.write(SECRET)
    given = ["-p", "fqdn=boat.example.com", "-p", f"token=file:{place.folder}/token"]
    with Screen(place.folder, 80, 24) as screen:
        screen.start([program.path, "run", "--ask", tour, *given], place.environment())
        screen.wait(r"\[ Start \] +everything is filled in")
        screen.keys("q")
        equal(screen.wait_end(), CANCELLED, "exit code of the form that was left")
        equal(runs(place), [], "the runs after a form that was left")
        start(screen, [program.path, "run", tour, *given], place.environment())
        leave(screen, place)


class Cluster:
    """Two namespaces in a real cluster, and a Secret."""

    def __init__(self):
        self.kubeconfig = os.environ["LIFEBOAT_TEST_KUBECONFIG"]
        self.namespaces = [f"lifeboat-form-{random.token_hex(4)}-{name}" for name in ("a", "b")]

    def kubectl(self, *words):
        done = subprocess.run(["kubectl", "--kubeconfig", self.kubeconfig, *words], text=True, timeout=60, check=True,
                              capture_output=True)
        return done.stdout.strip()

    def __enter__(self):
        for name in self.namespaces:
            self.kubectl("create", "namespace", name)
        self.kubectl("create", "secret", "generic", "db", "-n", self.namespaces[0], f"--from-literal=token={SECRET}")
        return self

    def __exit__(self, *_):
        self.kubectl("delete", "namespace", *self.namespaces, "--wait=false")
        return False


def lists_of_a_cluster(program, folder):
    """Contexts from the kubeconfig, namespaces from the cluster, a secret out of one."""
    place = Place(folder, "form-cluster")
    tour = tour_with(place, CLUSTER)
    with Cluster() as cluster, Screen(place.folder, 120, 36) as screen:
        context = cluster.kubectl("config", "current-context")
        screen.start([program.path, "run", tour], {**place.environment(), "KUBECONFIG": cluster.kubeconfig})
        screen.wait(r"> Context +to fill in")
        screen.keys("Down", "Tab")
        screen.wait(r"has no value yet")
        screen.keys("Escape")
        screen.keys("Up", "Tab")
        screen.wait(r"Contexts of the kubeconfig")
        screen.type(context)
        screen.keys("Enter")
        screen.wait(rf"Context +{re.escape(context)} +typed here")
        screen.keys("Down", "Tab")
        screen.wait(re.escape(cluster.namespaces[0]))
        screen.type(cluster.namespaces[1])
        screen.wait(rf"> {re.escape(cluster.namespaces[1])}")
        check(not screen.shows(re.escape(cluster.namespaces[0])), "the filter lets everything through")
        screen.keys("Enter")
        screen.wait(r"Namespace .*typed here")
        screen.keys("Down")
        screen.type(f"kubernetes:{cluster.namespaces[0]}/db/tokn")
        screen.keys("Enter")
        screen.wait(r"key tokn of the Secret")
        screen.keys("Up")
        screen.wait(r"> Token")
        screen.type(f"kubernetes:{cluster.namespaces[0]}/db/token")
        screen.keys("Enter")
        screen.wait(r"everything is filled in")
        check(SECRET not in screen.text(), "the secret is on the screen")
        screen.keys("C-s")
        leave(screen, place)
    equal(Journal.of(place.state).read()[0]["data"]["params"]["namespace"], cluster.namespaces[1],
          "the namespace in the journal")
    assert_secret_is_nowhere(place, [])


def all_tests(tally, program, folder):
    tally.run("form-by-keys", by_keys, program, folder)
    tally.run("form-by-lines", by_lines, program, folder)
    tally.run("form-asked-for", asked_for, program, folder)
    if os.environ.get("LIFEBOAT_TEST_KUBECONFIG") and shutil.which("kubectl"):
        tally.run("form-lists-of-a-cluster", lists_of_a_cluster, program, folder)
    else:
        tally.left_out("form-lists-of-a-cluster", "there is no cluster, or no kubectl")
