"""Who does the restore drill: one who looks, and one who is tired."""
import base64
import fnmatch
import math
import time

from checks import Failure

MGMT = "mgmt-b"
PLANE = ("-n", "tsb")
MESH = ("-n", "istio-system")
TOKENS = ("otel-token", "oap-token", "ngac-token", "xcp-edge-central-auth-token")
CLUSTERS = ("app-1", "app-2", "app-3")
PATIENCE_S = 12
RUN, RETRY, SKIP, BACK, END = ("run", "prepare it again", "skip", "go where the runbook says", "end the run")


class Expert:
    """Knows no variant: looks at the symptoms, mends what they say, and goes on. `mended` remembers what it was."""

    def __init__(self):
        self.mended = []
        self.without_metrics = False
        self.tried, self.began = {}, {}

    # ---- decisions

    def decide(self, drill, step, choices):
        if step == "(end)":
            self.wait_in_step(drill, 40)
            return END
        if RUN in choices:
            self.look_before(drill, step)
            return RUN
        return self.stuck(drill, step, choices)

    def look_before(self, drill, step):
        looks = {"operator": self.see_images, "components[tsb]": self.see_components}
        if step in looks:
            looks[step](drill)

    def stuck(self, drill, step, choices):
        self.tried[step] = self.tried.get(step, 0) + 1
        if self.tried[step] > 4:
            raise Failure(f"the expert is at his wit's end at {step}: …{drill.said[-900:]}")
        if step == "metrics-health":
            self.without_metrics = True
            self.mended.append("metrics")
            return BACK
        if step == "restore-database":
            self.mended.append("dump")
            return BACK
        if step == "same-root":
            drill.kubectl(MGMT, "apply", "-f", drill.backup("pki/reissued.yaml"))
            self.mended.append("root")
        elif step == "install":
            self.see_rights(drill)
        elif step.startswith("edge-logs["):
            self.see_edge(drill, step[len("edge-logs["):-1])
        return RETRY

    def meanwhile(self, drill, step):
        """Called again and again while nobody is asked. Does not wait for an edge that goes on complaining."""
        began_s = self.began.setdefault(step, time.monotonic())
        if not step or not step.startswith("edge-logs[") or time.monotonic() - began_s < PATIENCE_S:
            return
        self.began[step] = math.inf     # once
        if "keeping the last configuration" in drill.kubectl(step[len("edge-logs["):-1], *MESH, "logs", "deploy/edge",
                                                             "--tail=3"):
            drill.interrupt()

    # ---- answers

    def answer(self, drill, step, prompt):
        if step == "database":
            return "survived" if drill.sql("select to_regclass('audit_log')") else "restore"
        if step == "choose-dump" and "dump" in self.mended:
            return drill.backup("tsb_backup-before.sql")
        if step == "metrics-choice":
            return "without" if self.without_metrics else "keep"
        if step == "sync-result":
            return "all" if self.are_in_step(drill) else "some"
        if step == "sync-again":
            self.see_who_is_away(drill)
        return "y" if prompt.endswith(("[y/n] ", "[y/N] ")) else ""

    def end(self, drill):
        return "2" if self.without_metrics else "1"

    # ---- looking, and mending

    def see_images(self, drill):
        def state():
            return drill.kubectl(MGMT, *PLANE, "get", "pods", "-l", "name=tsb-operator", "--no-headers", fails=True)

        seen = drill.wait_for(lambda: next((word for word in ("Running", "ErrImagePull", "ImagePullBackOff")
                                            if word in state()), None), "the operator's image")
        if seen == "Running":
            return
        path = drill.backup("mp-values.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("images.old-harbour.example", "registry.example.com"))
        drill.do("helm", "upgrade", "--install", "managementplane", "tetrate-tsb-helm/managementplane",
                 "--version=1.12.0", "-n", "tsb", f"--kube-context={MGMT}", f"--values={path}")
        self.mended.append("registry")

    def see_components(self, drill):
        """tsb is there and ready, or says why it is not; one trouble may hide another."""
        for _ in range(3):
            trouble = drill.wait_for(lambda: self.trouble_of_tsb(drill), "tsb, or its trouble")
            if trouble == "ready":
                return
            if trouble == "firewall":
                drill.kubectl(MGMT, *PLANE, "delete", "networkpolicy", "platform-egress")
            else:
                drill.kubectl(MGMT, *PLANE, "patch", "secret", "postgres-credentials", "-p",
                              '{"stringData":{"password":"tidewater-7714"}}')
            self.mended.append(trouble)

    def trouble_of_tsb(self, drill):
        if drill.kubectl(MGMT, *PLANE, "get", "deploy/tsb", "-o", "jsonpath={.status.availableReplicas}",
                         fails=True) == "1":
            return "ready"
        log = drill.kubectl(MGMT, *PLANE, "logs", "deploy/tsb", fails=True)
        if "i/o timeout" in log and "firewall" not in self.mended:
            return "firewall"
        return "password" if "28P01" in log and "password" not in self.mended else None

    def see_rights(self, drill):
        if "no" != drill.kubectl(MGMT, "auth", "can-i", "create", "clusterroles", fails=True).split("\n")[-2]:
            raise Failure("the install has failed, and not for want of rights")
        drill.kubectl("mgmt-b-breakglass", "create", "clusterrolebinding", "restore-tonight",
                      "--clusterrole=cluster-admin", "--user=ana@example.com")
        self.mended.append("rights")

    def see_edge(self, drill, cluster):
        log = drill.kubectl(cluster, *MESH, "logs", "deploy/edge", "--tail=12")
        if "Unauthenticated" in log:
            self.see_account(drill, cluster)
        elif drill.kubectl(cluster, *MESH, "get", "networkpolicies", "-o", "name"):
            drill.kubectl(cluster, *MESH, "delete", "networkpolicy", "egress")
            self.mended.append("egress")
        else:
            self.restart_edge(drill, cluster)

    def see_account(self, drill, cluster):
        key = base64.b64decode(drill.kubectl(cluster, *MESH, "get", "secret", "cluster-service-account", "-o",
                                             "jsonpath={.data.key-id}")).decode()
        with open(drill.backup("service-accounts.yaml"), encoding="utf-8") as file:
            right = next(line.split()[1] for line in file if line.startswith(f"{cluster}:"))
        if key != right:
            drill.kubectl(cluster, *MESH, "patch", "secret", "cluster-service-account", "-p",
                          f'{{"stringData":{{"key-id":"{right}"}}}}')
            self.mended.append("account")
        drill.kubectl(cluster, *MESH, "delete", "secret", *TOKENS)
        self.mended.append("tokens")

    def restart_edge(self, drill, cluster):
        drill.kubectl(cluster, *MESH, "rollout", "restart", "deployment", "edge")
        self.mended.append("edge")

    @staticmethod
    def away(drill, since):
        """The clusters of which the new Management Plane has not heard since then."""
        heard = drill.sql(f"select id from clusters where last_sync_time > '{since}'").split()
        return [name for name in CLUSTERS if name not in heard]

    def wait_in_step(self, drill, timeout):
        since = drill.sql("select clock_timestamp()")
        drill.wait_for(lambda: not self.away(drill, since) and not self.is_with_old(drill), "all in step", timeout)

    def are_in_step(self, drill):
        try:
            self.wait_in_step(drill, 12)
        except Failure:
            return False
        return True

    @staticmethod
    def is_with_old(drill):
        return "central=" in drill.kubectl("app-2", *MESH, "logs", "deploy/edge", "--tail=4")

    def see_who_is_away(self, drill):
        if self.is_with_old(drill):
            drill.kubectl("mgmt-a", *PLANE, "scale", "deployment", "tsb-operator-management-plane", "tsb", "iam",
                          "--replicas=0")
            self.mended.append("old")
            self.restart_edge(drill, "app-2")
        for cluster in CLUSTERS:
            if "is not onboarded" in drill.kubectl(cluster, *MESH, "logs", "deploy/edge", "--tail=12"):
                drill.do("psql", "-X", "-v", "ON_ERROR_STOP=1", "-f", drill.backup(f"onboarding/{cluster}.sql"),
                         "service=config user=tsb dbname=tsb")
                self.mended.append("onboarding")
        self.wait_in_step(drill, 40)


class Tired(Expert):
    """Does something wrong at one place. `skips`: steps that are skipped, at once ("!") or once they are stuck; `at`: what
    is done before a step runs, or when it is stuck; `says`: answers; `gives_up`: the step at which the run is ended;
    `ends`: how; `waits`: at which steps patience ends, and what is seen then."""

    def __init__(self, skips=(), at=None, says=None, gives_up=None, ends="1", waits=()):
        super().__init__()
        self.skips, self.at, self.says = skips, dict(at or {}), says or {}
        self.gives_up, self.ends, self.waits = gives_up, ends, waits
        self.seen = {}

    def is_skipped(self, step, at_once):
        return any(fnmatch.fnmatchcase(step, pattern.lstrip("!").replace("[", "[[]")) for pattern in self.skips
                   if at_once == pattern.startswith("!"))

    def decide(self, drill, step, choices):
        if step == "(end)" or step == self.gives_up:
            return END
        if self.is_skipped(step, True) or (RUN not in choices and self.is_skipped(step, False)):
            return SKIP
        if RUN not in choices:
            return self.stuck(drill, step, choices)
        if step in self.at:
            self.at.pop(step)(drill)
        return RUN

    def stuck(self, drill, step, choices):
        if step in self.at:             # it is made to fit
            self.at.pop(step)(drill)
            return RETRY
        return END                      # too tired for this

    def meanwhile(self, drill, step):
        """Loses patience with what does not come, once its symptom is there."""
        if step in self.waits and step not in self.seen and self.waits[step](drill) and drill.interrupt():
            self.seen[step] = True

    def answer(self, drill, step, prompt):
        if step in self.says:
            return self.says[step]
        if step in ("database", "metrics-choice", "sync-result", "choose-dump"):
            return ""                   # what stands there
        return "y" if prompt.endswith(("[y/n] ", "[y/N] ")) else ""

    def end(self, drill):
        return self.ends
