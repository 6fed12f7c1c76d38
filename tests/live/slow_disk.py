"""The program on a disk that takes its time: shows which tests found something on the screen only because it came soon."""
import glob
import os
import shlex
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
SYNC_MS = 600                           # at most; as slow_disk.c has it


def wrap(lifeboat, folder):
    """A program in `folder` that runs `lifeboat` with slow syncs, and beside it the others that lie beside that."""
    lifeboat, library = os.path.abspath(lifeboat), f"{folder}/slow_disk.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, f"{HERE}/slow_disk.c", "-ldl"], check=True)
    for path in glob.glob(f"{lifeboat}-*"):
        os.symlink(path, f"{folder}/{os.path.basename(path)}")
    wrapper = f"{folder}/{os.path.basename(lifeboat)}"
    with open(wrapper, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\nLD_PRELOAD={shlex.quote(library)} exec {shlex.quote(lifeboat)} \"$@\"\n")
    os.chmod(wrapper, 0o755)
    return wrapper
