"""The restore from start to end, by the command line and by keys; asserted on cluster, database and zone."""
from checks import check, equal
from journal import Journal
from program import FAILED, PASSED, RESTORE
from screen import Pilot, Screen
from world import ADDRESS, KID, SECRET_WORDS


def assert_journal(journal, site):
    journal.assert_chain()
    journal.assert_no_secret(SECRET_WORDS)
    newest = site.world.database.psql(
        """SELECT to_char(to_timestamp(max("time")) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')
        FROM audit_log""")
    equal(journal.outputs("database-content")["newest_change"], newest, "the newest change that the journal notes")
    equal(journal.outputs("address")["ip"], ADDRESS, "the address that the journal notes")
    uid = site.world.cluster.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]
    equal(journal.outputs("cluster-identity")["uid"], uid, "the identity of the cluster that the journal notes")
    if site.have_key:
        equal(journal.outputs("signing-key")["kid"], KID, "the kid that the journal notes")
    equal(journal.last("end")["data"]["id"], "recovered", "how the run ended")


def assert_branches(journal, have_key):
    """Each step belongs to a way through the runbook: with the key, or without."""
    statuses = journal.statuses()
    for step, wanted in (("signing-key", "ok" if have_key else "skipped"),
                         ("without-key", "skipped" if have_key else "ok"), ("troubleshoot", "skipped"),
                         ("update-dns", "ok"), ("restore-database", "skipped"), ("cert-manager", "skipped")):
        equal(statuses.get(step), wanted, f"how step {step} ended")
    for cluster in ("app-1", "app-2"):
        equal(statuses.get(f"edge-logs[{cluster}]"), "ok", f"how the edge log of {cluster} was read")
        if not have_key:
            equal(statuses.get(f"rotate-tokens[{cluster}]"), "ok", f"how the tokens of {cluster} were deleted")


def automatic(program, world):
    """The old Management Plane still answers, and is stopped; the key was recovered."""
    site = world.site(have_key=True, old="answers")
    before = site.uids()
    code, said, journal = program.run_auto(site)
    equal(code, PASSED, f"exit code of the run, which said …{said[-900:]}")
    site.assert_restored(before)
    equal(site.old_replicas(), [0, 0, 0], "replicas of the old operator, tsb and iam")
    assert_journal(journal, site)
    assert_branches(journal, True)
    for word in SECRET_WORDS:
        check(word not in said, "a secret is in the output of --plain")
    return f"{len(journal.read())} records"


def from_a_dump(program, world):
    """The database went down with the cluster: it is restored from the dump, and from a cut one it is not."""
    try:
        return restore_from(program, world)
    finally:
        world.database.fill()


def restore_from(program, world):
    site = world.site(have_key=True, old="gone")
    before = site.uids()
    dump = f"{site.backup}/tsb_backup.sql"
    site.params["dump"] = world.database.lose(dump)
    with open(dump, "rb") as file:
        whole = file.read()
    with open(dump, "wb") as file:
        file.write(whole[:len(whole) * 2 // 3])
    code, said, journal = program.run_auto(site, confirm=("tsb",))
    equal(code, FAILED, f"exit code with a dump that was cut short; it said …{said[-900:]}")
    check("cut" in said or "complete" in said, f"the reason is not named: …{said[-900:]}")
    equal(world.database.psql("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"), "0",
          "tables after a dump that was cut short")
    with open(dump, "wb") as file:
        file.write(whole)
    code, said, journal = program.run_auto(site, confirm=("tsb",))
    equal(code, PASSED, f"exit code of the run, which said …{said[-900:]}")
    site.assert_restored(before)
    assert_journal(journal, site)
    equal(journal.statuses().get("restore-database"), "ok", "how the restore of the database ended")
    return f"a dump of {len(whole)} bytes"


def by_keys(program, world, columns, rows, have_key):
    site = world.site(have_key=have_key, old="gone")
    before = site.uids()
    with Screen(site.folder, columns, rows) as screen:
        screen.start(program.argv_run(RESTORE, site.params), site.environment())
        pilot = Pilot(screen, site.state)
        end = pilot.drive()
        equal(end["type"], "end", f"the last record; the screen shows:\n{screen.text()}")
        pilot.dismiss()
        equal(screen.wait_end(), PASSED, "exit code")
    site.assert_restored(before)
    journal = Journal.of(site.state)
    assert_journal(journal, site)
    assert_branches(journal, have_key)
    missing = [s for s in ("database-available", "install", "update-dns", "ui-by-name") if s not in pilot.seen]
    equal(missing, [], "steps that were never on the screen")
    return f"{pilot.presses} keys"


def all_tests(tally, program, world):
    tally.run("restore-automatic", automatic, program, world)
    tally.run("restore-by-keys-160x48", by_keys, program, world, 160, 48, True)
    tally.run("restore-by-keys-80x24-without-key", by_keys, program, world, 80, 24, False)
    tally.run("restore-from-a-dump", from_a_dump, program, world)
