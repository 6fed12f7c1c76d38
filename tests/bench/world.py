"""What a practice world costs: until it is ready, at rest, and with thousands of simulated pods in one of its clusters."""
import json
import os
import subprocess
import time

from peers import TICKS, Trouble

SCENARIO = "runbooks/drills/management-cluster-lost.yaml"   # five clusters, PostgreSQL, Knot, web sites


def tree_of(pid):
    """That process and all that descend from it."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                    parents[int(name)] = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass                        # it has ended meanwhile
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cpu_of(pids):
    ticks = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return ticks / TICKS


def memory_of(pids):
    """KiB, what is shared divided among those that share it."""
    kb = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
                kb += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except OSError:
            pass
    return kb


class World:
    """A world while the block lasts."""

    def __init__(self, build, source, folder, speed):
        self.argv = [f"{build}/lifeboat-world", "--seed", "7", "--speed", str(speed), "--helm", f"{build}/lifeboat-helm",
                     f"{source}/{SCENARIO}"]
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": folder}

    def __enter__(self):
        began = time.monotonic()
        self.process = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=self.environment)
        for line in self.process.stdout:
            message = json.loads(line)
            if message["type"] == "ready":
                self.ready_s, self.facts = time.monotonic() - began, message["facts"]
                return self
            if message["type"] == "error":
                raise Trouble(f"the world did not start: {message['message']}")
        raise Trouble("the world did not start")

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=30)

    def tree(self):
        return tree_of(self.process.pid)

    def rest(self, seconds):
        """Percent of a core, of the world and all its servers, while nobody does anything; and KiB."""
        tree = self.tree()
        before, began = cpu_of(tree), time.monotonic()
        time.sleep(seconds)
        return (cpu_of(tree) - before) / (time.monotonic() - began) * 100, memory_of(tree)

    def kubectl(self, *words, stdin=None):
        done = subprocess.run(["kubectl", "--kubeconfig", self.facts["kubeconfig"], "--context", "mgmt-b", *words],
                              input=stdin, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise Trouble(f"kubectl {words[0]}: {done.stderr.strip()[-300:]}")
        return done.stdout


def deployments(count, pods):
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [{
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"many-{i}", "namespace": "default"},
        "spec": {"replicas": pods // count, "selector": {"matchLabels": {"app": f"many-{i}"}},
                 "template": {"metadata": {"labels": {"app": f"many-{i}"}},
                              "spec": {"containers": [{"name": "main", "image": "registry.k8s.io/pause:3.9"}]}}}}
        for i in range(count)]})


def running(world):
    """In one page: while so many come, the few thousand changes that a world remembers do not last from page to page."""
    return world.kubectl("get", "pods", "-n", "default", "--no-headers", "--chunk-size=0").count("Running")


def measure(build, source, folder, say, megabytes):
    for speed in (1, 20):
        with World(build, source, folder, speed) as world:
            percent, kb = world.rest(20)
            say(f"five clusters, speed {speed:>2}: ready after {world.ready_s:.1f} s; at rest {percent:.1f} % of a core, "
                f"{megabytes(kb)} with PostgreSQL and Knot")
    with World(build, source, folder, 20) as world:
        pods, began = 5000, time.monotonic()
        world.kubectl("create", "-f", "-", stdin=deployments(50, pods))
        while (there := running(world)) < pods and time.monotonic() - began < 180:
            time.sleep(1)
        took = time.monotonic() - began
        percent, kb = world.rest(20)
        began = time.monotonic()
        running(world)
        say(f"{there:,} pods of 50 Deployments: running after {took:.0f} s; at rest {percent:.1f} % of a core, {megabytes(kb)}; "
            f"kubectl get pods {time.monotonic() - began:.2f} s")
