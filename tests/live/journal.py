"""Reads the journal of a run, and checks its chain with sha256sum and jq, not with the program itself."""
import datetime
import json
import os
import subprocess
import tempfile

from checks import Failure, equal


class Journal:
    """One run's journal.jsonl. It may still be growing: read() takes what is complete."""

    def __init__(self, path):
        self.path = path

    @staticmethod
    def of(state, number=-1):
        """The journal of one of the runs below a state folder, the newest unless said otherwise; or None."""
        runs = f"{state}/lifeboat/runs"
        names = sorted(os.listdir(runs)) if os.path.isdir(runs) else []
        names = [n for n in names if os.path.exists(f"{runs}/{n}/journal.jsonl")]
        names.sort(key=lambda n: os.stat(f"{runs}/{n}/runbook.yaml").st_mtime_ns
                   if os.path.exists(f"{runs}/{n}/runbook.yaml") else 0)
        return Journal(f"{runs}/{names[number]}/journal.jsonl") if names else None

    @property
    def run(self):
        return os.path.basename(os.path.dirname(self.path))

    def text(self):
        with open(self.path, encoding="ascii") as file:
            return file.read()

    def read(self):
        lines = self.text().split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def records(self, kind, step=None):
        return [r for r in self.read() if r["type"] == kind and (step is None or r["data"].get("step") == step)]

    def last(self, kind, step=None):
        found = self.records(kind, step)
        return found[-1] if found else None

    def outcome(self, step):
        """The status of the last outcome of a step, or None."""
        record = self.last("outcome", step)
        return record and record["data"]["status"]

    def outputs(self, step):
        record = self.last("outcome", step)
        if not record:
            raise Failure(f"step {step} has no outcome")
        return record["data"].get("outputs") or {}

    def message(self, step):
        """What the last failure of a step said."""
        for record in reversed(self.read()):
            if record["data"].get("step") == step and record["type"] in ("outcome", "blocked"):
                checks = record["data"].get("verify") or record["data"].get("preconditions") or []
                words = [(record["data"].get("error") or {}).get("message") or ""]
                return " ".join(words + [c.get("message") or "" for c in checks if not c.get("ok")])
        return ""

    def statuses(self):
        """How each step that was taken or passed over ended last."""
        ends = {}
        for record in self.read():
            step = record["data"].get("step")
            if record["type"] == "outcome":
                ends[step] = record["data"]["status"]
            elif record["type"] == "skip":
                ends[step] = "skipped"
        return ends

    def folder_text(self):
        """Everything that the run has left on disk, for finding what must not be there."""
        text = []
        for folder, _, names in os.walk(os.path.dirname(self.path)):
            for name in names:
                with open(f"{folder}/{name}", "rb") as file:
                    text.append(file.read().decode("utf-8", "replace"))
        return "\n".join(text)

    def assert_chain(self):
        """Each line names the SHA-256 of the one before, and the numbers have no gap."""
        with tempfile.TemporaryDirectory() as folder:
            tool("split", "-l", "1", "-a", "6", "-d", self.path, f"{folder}/line-")
            sums = [line.split()[0] for line in tool("sh", "-c", 'cd "$0" && sha256sum line-*', folder).splitlines()]
        named = tool("jq", "-r", ".prev", self.path).split()
        numbers = [int(n) for n in tool("jq", ".seq", self.path).split()]
        equal(numbers, list(range(len(sums))), "the sequence numbers of the journal")
        equal(named, ["0" * 64] + sums[:-1], "the chain of the journal")
        equal(os.stat(self.path).st_mode & 0o777, 0o600, "the mode of the journal")

    def assert_no_secret(self, words):
        text = self.folder_text()
        for word in words:
            if word in text:
                at = text.index(word)
                raise Failure(f"a secret is on the disk: …{text[max(0, at - 200):at]}[here it stands]")


def stamp(record):
    """Seconds since 1970 of a record."""
    return datetime.datetime.fromisoformat(record["ts"].replace("Z", "+00:00")).timestamp()


def tool(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Failure(f"{argv[0]}: {done.stderr.strip()}")
    return done.stdout
