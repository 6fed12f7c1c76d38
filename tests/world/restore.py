"""The scenario "management cluster lost": plain and in each variant, with what is right there and with what is wrong."""
import json

from checks import check, equal
from drill import Drill
from engineers import MESH, MGMT, PLANE, TOKENS, Expert, Tired

SCENARIO = "management-cluster-lost"
# The old cluster is looked for where it may come back; elsewhere its silence would only take time.
UNASKED = {"old_context": ""}


def passes(options, *variants, params=None, seed=7, mends=()):
    """The expert, who is told nothing, comes to a good end, and has mended what the variants had broken."""
    expert = Expert()
    with Drill(options.lifeboat, SCENARIO, *variants, speed=options.speed, seed=seed, keep=options.keep,
               params=UNASKED if params is None else params) as drill:
        code = drill.play(expert, options.patience)
        debrief = drill.debrief()
        check(debrief["passed"], f"{variants}: not passed: {debrief['reasons']}; mended: {expert.mended}")
        equal(code, 0, "the exit status")
        check(set(mends) <= set(expert.mended), f"mended was {expert.mended}, and wanted {mends}")
        if mends is not ANY:
            equal(sorted(set(expert.mended) - {"tokens"}), sorted(set(mends) - {"tokens"}), "what was mended")
        equal(drill.leftovers(), [], "worlds left behind")
        drill.journal().assert_chain()
        return f"mended: {', '.join(expert.mended) or 'nothing'}"


class Anything(tuple):
    """What was mended is not known beforehand."""


ANY = Anything()


def fails(options, tired, named, *variants, params=None, landed=None):
    """Somebody tired does not pass, and the debrief names what was wrong: `named` is in a reason, and `landed` is a step
    that harmed."""
    with Drill(options.lifeboat, SCENARIO, *variants, speed=options.speed, keep=options.keep,
               params=UNASKED if params is None else params) as drill:
        code = drill.play(tired, options.patience)
        debrief = drill.debrief()
        check(not debrief["passed"], f"{variants}: passed: {json.dumps(debrief['timeline'])}")
        equal(code, 1, "the exit status")
        naming = [reason for reason in debrief["reasons"] if named in reason]
        check(naming, f"{named!r} is in none of {debrief['reasons']}")
        wrong = {item["step"]: item["caught"] for item in debrief["wrong"]}
        check(landed is None or wrong.get(landed) is False, f"{landed} is not among the wrong actions: {wrong}")
        equal([v["name"] for v in debrief["variants"]], list(variants), "what was different")
        equal(drill.leftovers(), [], "worlds left behind")
        return naming[0]


# ---- the plain form

def plain_automatic(options):
    """What quickstart does: no terminal, and no more words than these."""
    with Drill(options.lifeboat, SCENARIO, speed=options.speed, keep=options.keep) as drill:
        code = drill.auto(timeout=options.patience)
        equal(code, 0, f"the exit status; it said …{drill.said[-1500:]}")
        debrief = drill.debrief()
        check(debrief["passed"], f"not passed: {debrief['reasons']}")
        equal((debrief["wrong"], debrief["skipped_checks"]), ([], []), "what was wrong or skipped")
        equal(drill.journal().outcome("update-dns"), "ok", "the DNS change")
        equal(drill.leftovers(), [], "worlds left behind")


# ---- what the tired do by hand

def made_up_key(drill):
    with open(drill.backup("iam-signing-key.yaml"), "w", encoding="utf-8") as file:
        file.write("apiVersion: v1\nkind: Secret\nmetadata: {name: iam-signing-key, namespace: tsb}\n"
                   "data: {kid: bWFkZS11cA==, key: bWFkZS11cA==}\n")


def emptied_database(drill):
    drill.sql("drop database tsb", "postgres")
    drill.sql("create database tsb", "postgres")


def deleted_tokens(*clusters):
    def act(drill):
        for cluster in clusters:
            drill.kubectl(cluster, *MESH, "delete", "secret", *TOKENS)
    return act


def truncated_dump(drill):
    """psql without ON_ERROR_STOP: it complains, and nobody reads that."""
    drill.do("psql", "-X", "-q", "-f", drill.backup("tsb_backup.sql"), "service=config user=tsb dbname=tsb", fails=True)


def restarted_edge(drill):
    drill.kubectl("app-2", *MESH, "rollout", "restart", "deployment", "edge")


def has_no_image(drill):
    return "ImagePull" in drill.kubectl(MGMT, *PLANE, "get", "pods", "-l", "name=tsb-operator", fails=True)


def complains(cluster):
    def sees(drill):
        return "keeping the last configuration" in drill.kubectl(cluster, *MESH, "logs", "deploy/edge", "--tail=3")
    return sees


RIGHT = {
    # the tokens are the runbook's own step
    "no-signing-key": (), "wrong-root-ca": ("root",), "database-firewall": ("firewall",),
    "database-password": ("password",), "stale-dns": ("edge",), "wrong-registry": ("registry",),
    "metrics-down": ("metrics",), "forbidden": ("rights",), "cluster-firewall": ("egress",),
    "foreign-service-account": ("account", "tokens"), "before-onboarding": ("onboarding",), "truncated-dump": ("dump",),
    "old-plane-returns": ("old", "edge"),
}


def wrong_actions():
    """(name, variants, engineer, what a reason says, more): the engineer is made anew for each test."""
    restored = {"says": {"database": "restore"}, "at": {"restore-database": emptied_database},
                "gives_up": "database-available", "ends": "3"}
    edge = {"skips": ["edge-logs[app-2]"], "waits": {"edge-logs[app-2]": complains("app-2")}}
    return [
        ("dns-before-the-check", (), Tired(skips=["!configuration-present"], gives_up="dns-spread", ends="3"),
         "(update-dns) harms here: Everybody follows the name", {"landed": "update-dns"}),
        ("a-key-made-up", ("no-signing-key",),
         Tired(at={"support-case": made_up_key, "backup-files[mp-values.yaml]": made_up_key}, gives_up="prepare-values",
               ends="3"),
         "(signing-key) harms here", {"landed": "signing-key", "params": {**UNASKED, "have_key": "true"}}),
        ("tokens-not-replaced", ("no-signing-key",),
         Tired(skips=["!rotate-tokens*", "edge-logs*"],
               waits={f"edge-logs[app-{n}]": complains(f"app-{n}") for n in (1, 2, 3)}),
         '"edge-1-in-step" did not hold', {}),
        ("another-root-taken", ("wrong-root-ca",), Tired(skips=["same-root"], gives_up="operator", ends="3"),
         "(install) harms here", {"landed": "install"}),
        ("restored-behind-a-firewall", ("database-firewall",), Tired(**restored),
         "(restore-database) harms here: The database is sound; nothing reaches it", {"landed": "restore-database"}),
        ("restored-for-a-password", ("database-password",), Tired(**restored),
         "(restore-database) harms here: The database is sound. It refuses", {"landed": "restore-database"}),
        ("good-tokens-deleted", ("stale-dns",),
         Tired(at={"edge-logs[app-2]": deleted_tokens("app-2")}, **edge), '"tokens-2-kept" did not hold', {}),
        ("no-image-waited-for", ("wrong-registry",),
         Tired(skips=["operator"], waits={"operator": has_no_image}, gives_up="components[tsb]", ends="3"),
         "A check was skipped: Wait for the operator", {}),
        ("metrics-forgotten", ("metrics-down",), Tired(says={"metrics-choice": "without"}, ends="1"),
         'ended as "The Management Plane is fully restored"', {}),
        ("install-skipped", ("forbidden",), Tired(skips=["install"], gives_up="operator", ends="3"),
         "A check was skipped: Install with helm", {}),
        ("edge-log-skipped", ("cluster-firewall",), Tired(**edge), '"edge-2-in-step" did not hold', {}),
        ("account-not-looked-at", ("foreign-service-account",),
         Tired(at={"edge-logs[app-2]": deleted_tokens("app-2")}, **edge), '"edge-2-in-step" did not hold', {}),
        ("one-not-counted", ("before-onboarding",), Tired(), '"edge-3-in-step" did not hold', {}),
        ("half-a-dump", ("truncated-dump",), Tired(at={"database-available": truncated_dump}),
         '"edge-1-in-step" did not hold', {}),
        ("two-of-them", ("old-plane-returns",), Tired(at={"edge-logs[app-2]": restarted_edge}),
         '"old-silent" did not hold', {}),
    ]


# ---- chance

def one_seed_one_exam(options):
    """What is different follows from the seed, is not told before the end, and is then."""
    seen = []
    for _ in range(2):
        with Drill(options.lifeboat, SCENARIO, "random", speed=options.speed, seed=11, keep=options.keep,
                   params=UNASKED) as drill:
            drill.auto("--yes", "support-case", timeout=options.patience)
            debrief = drill.debrief()
            names = [variant["name"] for variant in debrief["variants"]]
            said = drill.said[:drill.said.index("# Debrief")]
            check(names and not any(name in said for name in names), f"{names} were told before the end")
            check(not debrief["passed"], "it passed though it had been stopped")
            seen.append(names)
    equal(seen[0], seen[1], "what the same seed has chosen")
    return ", ".join(seen[0])


def list_of_tests():
    """(name, function, arguments after options)."""
    tests = [("world-plain-auto", plain_automatic, (), {}), ("world-plain-expert", passes, (), {})]
    for variant, mends in RIGHT.items():
        params = {} if variant == "old-plane-returns" else None
        tests.append((f"world-{variant}-right", passes, (variant,), {"mends": mends, "params": params}))
    for name, variants, tired, named, more in wrong_actions():
        tests.append((f"world-{'-'.join(variants) or 'plain'}-wrong-{name}", fails, (tired, named, *variants), more))
    for variants in (("wrong-registry", "database-password", "stale-dns"),
                     ("no-signing-key", "metrics-down", "wrong-root-ca")):
        mends = sum((RIGHT[name] for name in variants), ())
        tests.append((f"world-{'+'.join(variants)}-right", passes, variants, {"mends": mends}))
    tests.append(("world-random-11-right", passes, ("random",), {"seed": 11, "mends": ANY}))
    tests.append(("world-random-11-one-exam", one_seed_one_exam, (), {}))
    return tests
