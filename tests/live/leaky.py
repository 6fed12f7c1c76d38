"""A program that can keep nothing to itself: what the steps of test_secrets.py run. It reads secrets from files,
prints them in every disguise, and copies what others can read of the processes around it.

usage: leaky.py plain|split|fail FILE…
       leaky.py family FILE      into FILE goes what /proc shows of the processes from here up, and of theirs
"""
import base64
import json
import os
import sys
import time
import urllib.parse


def wrapped(text, width, gap):
    return gap.join(text[i:i + width] for i in range(0, len(text), width))


def disguises(secret):
    """Each is, or holds, the secret. The same list is what the test searches for afterwards."""
    data = secret.encode()
    once = json.dumps(secret, ensure_ascii=False)[1:-1]
    yield secret
    yield once
    yield json.dumps(once, ensure_ascii=False)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield urllib.parse.quote(secret, safe="")
    yield secret.replace("'", "''")
    yield secret.replace("'", "'\\''")
    yield data.hex()
    yield data.hex().upper()
    for before in (b"", b"x", b"xy"):
        yield base64.b64encode(before + data).decode()
        yield base64.urlsafe_b64encode(before + data).decode().rstrip("=")
    yield base64.b64encode(base64.b64encode(data)).decode()


def spoilt(secret):
    """The secret with something between its characters."""
    text = secret.replace("\n", "")
    yield wrapped(text, 3, "\x1b[32m")
    yield wrapped(text, 1, "\x1b[0;1m") + "\x1b[0m"
    yield wrapped(text, 5, "\r")
    yield wrapped(base64.b64encode(secret.encode() * 3).decode(), 76, "\n")
    yield wrapped(base64.b64encode(secret.encode()).decode(), 64, "\n    ")
    yield wrapped(base64.b64encode(secret.encode()).decode(), 10, "\\n")


def say(text, fd=1):
    data = text.encode()
    while data:
        data = data[os.write(fd, data):]


def plain(secrets):
    for number, secret in enumerate(secrets):
        for fd in (1, 2):
            for text in [*disguises(secret), *spoilt(secret)]:
                say(f"{number} before <{text}> behind\n", fd)


def split(secrets):
    """In two writes, at every byte of it, with time to read the first one before the second comes."""
    for secret in secrets:
        data = secret.encode()
        for at in range(1, min(len(data), 60)):
            os.write(1, b"<" + data[:at])
            time.sleep(0.002)
            os.write(1, data[at:] + b">\n")


def parent_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def family(target):
    up, pids = os.getpid(), set()
    for _ in range(6):
        pids.add(up)
        with open(f"/proc/{up}/comm") as file:
            if file.read().strip() == "lifeboat":
                break
        up = parent_of(up)
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and parent_of(name) in pids:
                pids.add(int(name))
        except OSError:
            continue
    with open(target, "wb") as out:
        for pid in sorted(pids):
            for name in ("comm", "cmdline", "environ", "limits"):
                try:
                    with open(f"/proc/{pid}/{name}", "rb") as file:
                        out.write(f"== {pid} {name}\n".encode() + file.read() + b"\n")
                except OSError as problem:
                    out.write(f"== {pid} {name}: {problem}\n".encode())


def main():
    mode, files = sys.argv[1], sys.argv[2:]
    if mode == "family":
        family(files[0])
        return 0
    secrets = [open(name, encoding="utf-8").read().rstrip("\n") for name in files]
    (split if mode == "split" else plain)(secrets)
    if mode == "fail":
        say("refused: " + " and ".join(secret for secret in secrets) + "\n", 2)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
