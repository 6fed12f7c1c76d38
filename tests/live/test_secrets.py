"""Steps that tell every secret they know, in every disguise: nothing of it may be found afterwards, in no file of the
run, in nothing that was printed or painted, and in no process's environment or arguments."""
import json
import os
import re
import secrets as random
import shlex
import shutil
import subprocess
import sys

from checks import check, contains, equal
from journal import Journal
from leaky import disguises
from program import FAILED, PASSED
from screen import Pilot, Screen

LEAKY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "leaky.py")

HEAD = """
apiVersion: lifeboat/v1
kind: Runbook
metadata: {id: secrets, title: Everything is told, version: 1.0.0, owners: [platform-sre], summary: A test.}
params:
  files: {type: list, items: path, title: Where the commands find what the parameters hold}
  family: {type: path, title: Where a command writes what it sees of us}
  password: {type: secret, from: [file]}
  key: {type: secret, from: [file]}
  account: {type: secret, from: [file]}
  token: {type: secret, from: [env]}
"""

TELL = HEAD + """
steps:
  - id: plain
    title: On a terminal
    uses: command.run
    with: {argv: [PYTHON, LEAKY, plain, "${.params.files[0]}", "${.params.files[1]}", "${.params.files[2]}", "${.params.files[3]}"], effect: reads}
    outputs: {all: '.output | ascii_downcase | ascii_upcase', some: .output, end: '.output[-200:]'}
  - id: pipe
    title: Without one
    uses: command.run
    with: {argv: [PYTHON, LEAKY, plain, "${.params.files[0]}", "${.params.files[1]}", "${.params.files[2]}", "${.params.files[3]}"], effect: reads, pty: false}
    outputs: {some: .output}
  - id: split
    title: In pieces
    uses: command.run
    with: {argv: [PYTHON, LEAKY, split, "${.params.files[0]}", "${.params.files[3]}"], effect: reads, pty: false}
  - id: family
    title: What others see of us
    uses: command.run
    with: {argv: [PYTHON, LEAKY, family, "${.params.family}"], effect: reads}
"""

# One step each that fails with the secrets in its message.
FAILURES = {
    "command": """
  - id: fails
    title: A command that fails
    uses: command.run
    with: {argv: [PYTHON, LEAKY, fail, "${.params.files[0]}", "${.params.files[1]}", "${.params.files[2]}", "${.params.files[3]}"], effect: reads}
""",
    "http": """
  - id: fails
    title: A server that is not there
    uses: http.check
    with: {url: "http://127.0.0.1:1/?password=${.params.password | @uri}&token=${.params.token | @uri}"}
""",
    "unknown-protocol": """
  - id: fails
    title: What libcurl does not know
    uses: http.check
    with: {url: "http://127.0.0.1:1/${.params.token}/${.params.password | @base64}"}
""",
    "postgresql": """
  - id: fails
    title: A database that is not there
    target: database
    uses: postgresql.query
    with: {sql: "SELECT '${.params.token}'"}
""",
}

TARGET = """
targets:
  database: {type: postgresql, conninfo: "host=127.0.0.1 port=1 user=u dbname=d", password: "${.params.token}"}
"""


CLUSTER = """
apiVersion: lifeboat/v1
kind: Runbook
metadata: {id: secrets, title: Secrets of a cluster, version: 1.0.0, owners: [platform-sre], summary: A test.}
params:
  password: {type: secret, from: [kubernetes]}
  namespace: {type: string}
  manifest: {type: path}
targets:
  cluster: {type: kubernetes, namespace: "${.params.namespace}"}
steps:
  - id: read
    title: Read a Secret
    target: cluster
    uses: kubernetes.get
    with: {resource: secrets, name: db}
    outputs: {data: .data, decoded: '.data.password | @base64d', all: .}
  - id: list
    title: Read all of them
    target: cluster
    uses: kubernetes.get
    with: {resource: secrets}
    outputs: {all: .}
  - id: write
    title: Write one
    target: cluster
    uses: kubernetes.apply
    with: {file: "${.params.manifest}"}
    outputs: {all: .}
"""


def letters(count):
    return random.token_urlsafe(count)[:count]


class Place:
    """A home, secrets in files, and everything that is to be searched."""

    def __init__(self, folder, name):
        self.folder = f"{folder}/secrets-{name}"
        self.state = f"{self.folder}/state"
        self.family = f"{folder}/secrets-{name}.family"
        os.makedirs(self.folder)
        body = "\n".join(letters(64) for _ in range(6))
        self.values = {
            "password": f"pw-{letters(8)}'\"\\{letters(6)}&<%é>{letters(4)}",
            "key": f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----",
            "account": json.dumps({"client_id": letters(20), "inner": {"private_key": f"{letters(30)}\n{letters(30)}"}}),
            "token": letters(40),
        }
        # beside the folder that is searched
        self.files = {name: f"{folder}/secrets-{name}.{os.path.basename(self.folder)}" for name in self.values}
        for key, value in self.values.items():
            with open(self.files[key], "w", encoding="utf-8") as file:
                file.write(value + "\n")

    def environment(self):
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.folder, "LANG": "C.UTF-8",
                "TERM": "xterm-256color", "XDG_STATE_HOME": self.state, "LIFEBOAT_TEST_TOKEN": self.values["token"]}

    def params(self):
        return {"files": json.dumps(list(self.files.values())), "family": self.family, "token": "env:LIFEBOAT_TEST_TOKEN",
                **{name: f"file:{self.files[name]}" for name in ("password", "key", "account")}}

    def runbook(self, text):
        path = f"{self.folder}/secrets.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("PYTHON", json.dumps(sys.executable)).replace("LEAKY", json.dumps(LEAKY)))
        return path


def bare(data):
    """Without escape sequences, control characters, backslashes and line ends: as the eye puts it together."""
    data = re.sub(rb"\x1b\][^\x07\x1b\n]*(\x07|\x1b\\)", b"", data)
    data = re.sub(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]", b"", data)
    data = re.sub(rb"[\r\n] *|\\+[nrt]?", b"", data)
    return re.sub(rb"[\x00-\x1f\x7f]", b"", data)


def needles(value):
    """What must not be found: each disguise, without the few characters of base64 that it shares with others."""
    for text in disguises(value):
        yield text[3:-3].encode() if len(text) > 16 else text.encode()
    for line in value.split("\n"):
        if len(line) >= 8 and not line.startswith("-----"):
            yield line.encode()
    if value.startswith("{"):
        for leaf in re.findall(r'"([^"\\]{16,})"', value):
            yield leaf.encode()


def leaks(place, corpus):
    """Where something of a secret is in what was gathered: a list of (where, whose, what)."""
    found = []
    for where, data in corpus.items():
        looks = (data, bare(data))
        for name, value in place.values.items():
            for needle in needles(value):
                if any(n in look for n, look in ((needle, looks[0]), (bare(needle), looks[1]))):
                    found.append((where, name, needle[:60]))
    return found


def files_below(folder):
    corpus = {}
    for path, _, names in os.walk(folder):
        for name in names:
            full = f"{path}/{name}"
            if os.path.isfile(full) and not os.path.islink(full):
                with open(full, "rb") as file:
                    corpus[full] = file.read()
    return corpus


def reports(program, place, journal):
    """Each form of the report of a run."""
    corpus = {}
    for form in ("markdown", "json", "html"):
        done = subprocess.run([program.path, "report", journal.run, "--format", form], capture_output=True,
                              env=place.environment(), timeout=60)
        corpus[f"report --format {form}"] = done.stdout + done.stderr
        check(done.returncode == 0 and done.stdout, f"report --format {form}: {done.stderr.decode()[-300:]}")
    return corpus


def assert_no_leak(place, corpus, wanted=()):
    for name in wanted:
        check(any(name in where for where in corpus), f"nothing was gathered of {name}: {sorted(corpus)}")
    found = leaks(place, corpus)
    check(not found, f"{len(found)} leaks, among them {found[:6]}")


def assert_family_is_clean(place):
    with open(place.family, "rb") as file:
        data = file.read()
    contains(data.decode(errors="replace"), "lifeboat", "what /proc shows")
    assert_no_leak(place, {"the processes' /proc": data})
    ours = data.split(b" comm\nlifeboat\n")[1].split(b"\n== ")
    limits = next(part for part in ours if b" limits\n" in part)
    check(re.search(rb"Max core file size +0 +0 ", limits), "core dumps are not switched off")


def told_in_lines(program, folder):
    place = Place(folder, "lines")
    code, said, journal = program.run_auto(place, place.runbook(TELL), place.params())
    equal(code, PASSED, f"exit code; it said …{said[-600:]}")
    corpus = {"what was printed": said.encode(), **files_below(place.folder), **reports(program, place, journal)}
    contains(said, "‹secret:password›", "what was printed")
    assert_no_leak(place, corpus, ("journal.jsonl", "/out/", "what was printed"))
    contains(journal.text(), "\\u2039secret:token\\u203a", "the journal")
    assert_family_is_clean(place)


def told_on_a_screen(program, folder):
    place = Place(folder, "screen")
    transcript = f"{folder}/secrets-transcript"
    with Screen(place.folder, 120, 40) as screen:
        screen.start(program.argv_run(place.runbook(TELL), place.params()), place.environment())
        screen.tmux("pipe-pane", "-o", f"cat >>{shlex.quote(transcript)}")
        pilot = Pilot(screen, place.state)
        end = pilot.drive()
        equal(end["type"], "end", "the last record")
        painted = screen.text()
        pilot.dismiss()
        equal(screen.wait_end(), PASSED, "exit code")
    with open(transcript, "rb") as file:
        corpus = {"what was painted": file.read(), "the last screen": painted.encode(), **files_below(place.folder)}
    contains(corpus["what was painted"].decode(errors="replace"), "secret:", "what was painted")
    assert_no_leak(place, corpus, ("journal.jsonl", "/out/"))
    assert_family_is_clean(place)


def failing(program, folder, name):
    place = Place(folder, name)
    text = HEAD + (TARGET if name == "postgresql" else "") + "steps:" + FAILURES[name]
    code, said, journal = program.run_auto(place, place.runbook(text), place.params())
    equal(code, FAILED, f"exit code; it said …{said[-600:]}")
    corpus = {"what was printed": said.encode(), **files_below(place.folder)}
    contains(said + journal.text(), "secret:", "the message")
    assert_no_leak(place, corpus, ("journal.jsonl",))


def a_planted_leak_is_found(program, folder):
    """The same steps with a value that nobody registered: what searches must be able to find."""
    place = Place(folder, "planted")
    others = Place(folder, "planted-others")
    params = {**others.params(), "files": place.params()["files"], "family": place.family}
    code, said, _ = program.run_auto(others, others.runbook(TELL), params)
    equal(code, PASSED, f"exit code; it said …{said[-600:]}")
    found = leaks(place, {"what was printed": said.encode(), **files_below(others.folder)})
    for name, value in place.values.items():
        missed = [n for n in needles(value) if not any(who == name and n[:60] == what for _, who, what in found)]
        check(not missed, f"planted, and not found of {name}: {missed[:6]}")
    for part in ("what was printed", "journal.jsonl", "/out/"):
        check(any(part in where for where, _, _ in found), f"nothing planted was found in {part}")


class Cluster:
    """A namespace with one Secret in it."""

    def __init__(self, place):
        self.kubeconfig = os.environ["LIFEBOAT_TEST_KUBECONFIG"]
        self.namespace = f"lifeboat-secrets-{random.token_hex(4)}"
        self.place = place

    def kubectl(self, *words, text=None):
        subprocess.run(["kubectl", "--kubeconfig", self.kubeconfig, *words], input=text, text=True, timeout=60,
                       check=True, capture_output=True)

    def secret(self, **values):
        return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": self.namespace},
                           "stringData": values})

    def __enter__(self):
        self.kubectl("create", "namespace", self.namespace)
        values = {name: value for name, value in self.place.values.items() if name != "token"}
        self.kubectl("apply", "-f", "-", text=self.secret(**values))    # leaves its annotation, too
        return self

    def __exit__(self, *_):
        self.kubectl("delete", "namespace", self.namespace, "--wait=false")
        return False


def of_a_cluster(program, folder):
    """Read as a parameter, read and listed by steps, and written: names, sizes and fingerprints, and no value."""
    place = Place(folder, "cluster")
    manifest = f"{folder}/secrets-manifest.json"
    with Cluster(place) as cluster:
        with open(manifest, "w", encoding="utf-8") as file:
            file.write(cluster.secret(password=place.values["password"], key=place.values["token"]))
        params = {"password": f"kubernetes:{cluster.namespace}/db/password", "namespace": cluster.namespace,
                  "manifest": manifest}
        environment = {**place.environment(), "KUBECONFIG": cluster.kubeconfig}
        runbook = place.runbook(CLUSTER)
        code, said = program.call(program.argv_run(runbook, params) + program.argv_auto(), environment)
        equal(code, PASSED, f"exit code; it said …{said[-900:]}")
        missing = {**params, "password": f"kubernetes:{cluster.namespace}/db/pasword"}
        preview = Journal.of(place.state).last("plan", "write")["data"]["preview"]
        code, told = program.call(program.argv_run(runbook, missing) + program.argv_auto(), environment)
        equal(code, FAILED, "exit code with a key that is not there")
        contains(told, "no key pasword, but ", "what was said of it")
    corpus = {"what was printed": (said + told).encode(), **files_below(place.folder)}
    fingerprints = re.findall(r"data\.key: (\d+ bytes, #[0-9a-f]{8})'", str(preview))
    check(len(set(fingerprints)) == 2, f"no fingerprints of the value before and after in {preview}")
    check("data.password" not in str(preview), f"a value that stays is told as a difference: {preview}")
    assert_no_leak(place, corpus, ("journal.jsonl", "what was printed"))


def all_tests(tally, program, folder):
    tally.run("secrets-planted-leak-is-found", a_planted_leak_is_found, program, folder)
    tally.run("secrets-told-in-lines", told_in_lines, program, folder)
    tally.run("secrets-told-on-a-screen", told_on_a_screen, program, folder)
    for name in FAILURES:
        tally.run(f"secrets-in-a-failure-{name}", failing, program, folder, name)
    if os.environ.get("LIFEBOAT_TEST_KUBECONFIG") and shutil.which("kubectl"):
        tally.run("secrets-of-a-cluster", of_a_cluster, program, folder)
    else:
        tally.left_out("secrets-of-a-cluster", "there is no cluster, or no kubectl")
