"""What a test says when it fails, waiting for conditions, and the tally."""
import sys
import time
import traceback


class Failure(Exception):
    """A condition of a test does not hold; the message says what was seen."""


class Skip(Exception):
    """A test cannot be done here; the message says what is missing."""


def check(condition, message):
    if not condition:
        raise Failure(message)


def equal(seen, wanted, what):
    if seen != wanted:
        raise Failure(f"{what}: wanted {wanted!r}, saw {seen!r}")


def contains(text, wanted, what):
    if wanted not in text:
        raise Failure(f"{what}: {wanted!r} is not in it: …{text[-1500:]}")


def wait_until(condition, what, timeout=30.0, interval=0.05):
    """The first true value of condition(), asked again and again for at most timeout seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {timeout:.0f} s for {what}")
        time.sleep(interval)


def short(text, limit=700):
    """A message on one line: its beginning and its end, which usually say what was wanted and seen."""
    text = " ".join(str(text).split())
    if len(text) <= limit:
        return text
    half = limit // 2
    return text[:half] + " … " + text[-half:]


class Tally:
    """Runs tests one after the other and prints a line for each."""

    def __init__(self, patterns=()):
        self.patterns = patterns
        self.passed = self.failed = self.skipped = 0

    def wants(self, name):
        return not self.patterns or any(p in name for p in self.patterns)

    def run(self, name, test, *arguments, wanted=False):
        """Returns whether the test passed. A test that the patterns leave out counts for nothing."""
        if not wanted and not self.wants(name):
            return True
        start = time.monotonic()
        try:
            note = test(*arguments)
        except Skip as reason:
            self.skipped += 1
            self.say(f"ok {name} # skipped: {short(reason)}")
            return False
        except Exception as error:  # a test may stumble over anything, and the next one still runs
            if isinstance(error, Failure):
                print(error, file=sys.stderr)
            else:
                traceback.print_exc()
            self.failed += 1
            self.say(f"not ok {name}: {short(error) or type(error).__name__}")
            return False
        self.passed += 1
        self.say(f"ok {name} ({time.monotonic() - start:.1f} s{', ' + note if note else ''})")
        return True

    def chain(self, stages):
        """Stages (name, test) of one story, told from its beginning: after one that did not pass the others
        mean nothing. The patterns take all of it or nothing."""
        broken = None
        if not any(self.wants(name) for name, _ in stages):
            return
        for name, test in stages:
            if broken:
                self.left_out(name, f"{broken} did not pass", wanted=True)
            elif not self.run(name, test, wanted=True):
                broken = name

    def left_out(self, name, reason, wanted=False):
        if wanted or self.wants(name):
            self.skipped += 1
            self.say(f"ok {name} # skipped: {short(reason)}")

    @staticmethod
    def say(line):
        print(line, flush=True)

    def finish(self):
        line = f"{self.passed} passed, {self.failed} failed"
        print(line + (f", {self.skipped} skipped" if self.skipped else ""), flush=True)
        sys.stdout.flush()
        return 1 if self.failed or not self.passed else 0
