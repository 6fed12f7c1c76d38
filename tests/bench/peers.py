"""What the figures are compared with: other programs, timed from outside, and the server that all read."""
import fcntl
import json
import os
import pty
import resource
import select
import signal
import struct
import subprocess
import termios
import threading
import time

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
TICKS = os.sysconf("SC_CLK_TCK")


class Trouble(Exception):
    pass


def measure(argv, environment, out=os.devnull, timeout=300):
    """Runs a command to its end: wall seconds, CPU seconds (its children's too), peak RSS in KiB (None where it is
    less than that of this script, which is counted too, as the process was a copy of it)."""
    with open(out, "wb") as file:
        started = time.monotonic()
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE,
                                 env=environment, start_new_session=True)
        killer = threading.Timer(timeout, os.killpg, (child.pid, signal.SIGKILL))
        killer.start()
        said = child.stderr.read()
        _, code, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        killer.cancel()
    child.returncode = os.waitstatus_to_exitcode(code)
    if child.returncode:
        raise Trouble(f"{' '.join(argv[:3])} failed ({child.returncode}): {said.decode(errors='replace')[-400:]}")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss if usage.ru_maxrss > own * 1.05 else None


def curl_table(access, namespace, environment):
    """One GET of the bare Table, compressed as kubectl and we ask for it: as measure()."""
    words = ["curl", "-fsS", "--compressed", "-o", os.devnull, "-A", "lifeboat-bench", "-H", f"Accept: {TABLE}",
             "--cacert", access.ca]
    if access.cert:
        words += ["--cert", access.cert, "--key", access.key]
    if access.token:
        words += ["-H", f"Authorization: Bearer {access.token}"]
    url = f"{access.server}/api/v1/namespaces/{namespace}/pods?includeObject=None&resourceVersion=0"
    return measure([*words, url], environment)


def make_certificate(folder):
    paths = f"{folder}/server.pem", f"{folder}/server.key"
    done = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                           "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", paths[1], "-out",
                           paths[0]], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise Trouble(f"openssl: {done.stderr.strip()}")
    return paths


def versions(environment):
    words = subprocess.run(["kubectl", "version", "--short"], env=environment, capture_output=True, text=True,
                           timeout=30).stdout or subprocess.run(["kubectl", "version"], env=environment, text=True,
                                                                capture_output=True, timeout=30).stdout
    return "; ".join(line.strip() for line in words.splitlines()[:3])


class Server:
    """The benchmark's own server, and a kubeconfig that leads to it, while the block lasts."""

    def __init__(self, program, certificate, folder, figures):
        self.argv = [program, *certificate, *[str(figure) for figure in figures]]
        self.ca, self.config = certificate[0], f"{folder}/server.kubeconfig"

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().strip()
        if not port:
            raise Trouble("the benchmark's server did not start")
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "bench",
                       "clusters": [{"name": "bench", "cluster": {"server": f"https://127.0.0.1:{port}",
                                                                  "certificate-authority": self.ca}}],
                       "users": [{"name": "bench", "user": {"token": "benchmark"}}],
                       "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}]}, file)
        return self.config

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()


RUNBOOK = """\
apiVersion: lifeboat/v1
kind: Runbook
metadata: {id: at-rest, title: At rest, version: 1.0.0, summary: Panes that nobody touches.}
params:
  namespace: {type: string}
targets:
  cluster: {type: kubernetes, namespace: "${.params.namespace}"}
panes:
  pods: [{target: cluster}]
  logs: [{target: cluster, selector: "lone=yes"}]
steps:
  - id: look
    title: Look
    uses: manual.confirm
    with: {question: "Seen?"}
"""


FORTY = """\
apiVersion: lifeboat/v1
kind: Runbook
metadata: {id: forty, title: Forty steps, version: 1.0.0, summary: As long as a real procedure.}
params:
  namespace: {type: string}
targets:
  cluster: {type: kubernetes, namespace: "${.params.namespace}"}
panes:
  pods: [{target: cluster}]
  logs: [{target: cluster, pod: pod-000000}]
steps:
"""

STEP = """\
  - id: part-%d
    title: Look at part %d
    section: Section %d
    text: |
      The control planes trust tokens that were signed with **this key**. Look at the part before the operator
      starts, and compare it with the `inventory`.
    when: '.params.namespace != "part-%d"'
    target: cluster
    uses: kubernetes.get
    with: {resource: deployments, name: part-%d}
    outputs: {ready: '.status.readyReplicas // %d'}
    verify:
      - uses: kubernetes.get
        with: {resource: pods, selector: part=%d}
        expect: '[.items[] | select(.status.phase == "Running")] | length > %d'
        message: The part does not run
    estimate: 1m
"""


def forty_steps():
    """A runbook of 40 steps with 120 expressions, no two of them the same."""
    return FORTY + "".join(STEP % (i, i, i // 8, i, i, i, i, i) for i in range(40))


def used(pid):
    """CPU seconds and peak RSS in KiB of a process, by now."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / TICKS, peak


def read_for(master, seconds):
    deadline, text = time.monotonic() + seconds, b""
    while (left := deadline - time.monotonic()) > 0:
        if select.select([master], [], [], left)[0]:
            try:
                text += os.read(master, 65536)
            except OSError:
                break
    return text


def at_rest(program, namespace, environment, folder, seconds):
    """The full screen on a pseudo-terminal of 160x48: percent of a core while nobody does anything, and RSS."""
    runbook = f"{folder}/rest.yaml"
    with open(runbook, "w", encoding="utf-8") as file:
        file.write(RUNBOOK)
    pid, master = pty.fork()
    if pid == 0:
        os.execve(program, [program, "run", runbook, "-p", f"namespace={namespace}"],
                  {**environment, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "XDG_STATE_HOME": f"{folder}/state"})
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 48, 160, 0, 0))
    try:
        read_for(master, 10)            # until the lists are in and everything is painted
        before, _ = used(pid)
        began = time.monotonic()
        read_for(master, seconds)
        after, peak = used(pid)
        return (after - before) / (time.monotonic() - began) * 100, peak
    finally:
        os.kill(pid, signal.SIGTERM)
        read_for(master, 3)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(master)
