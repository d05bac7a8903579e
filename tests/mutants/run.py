#!/usr/bin/env python3
"""Whether the tests of tests/simulation notice when the code that decides over messages' time is wrong.

Copies the tree, builds the simulation there once, then makes one small mistake after the other (mutants.py), builds what it
changes, and runs the tests until one fails. A mutant that none notices is told, and makes the exit status 1.

    tests/mutants/run.py                 # all of them; some minutes after the first build
    tests/mutants/run.py retain clock    # those whose names hold one of the words
    tests/mutants/run.py --list
    tests/mutants/run.py --tree FOLDER   # where the copy lies, and stays for the next time
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from mutants import MUTANTS

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# The quick one first: most mistakes need no store to be seen.
FILTERS = ["Decisions.*", "*Lifecycle.*"]
FAILED = re.compile(r"^\[  FAILED  \] ([^ ,]+)", re.M)


def copy_tree(tree):
    """Brings the copy to what the source is now, touching only what differs."""
    files = subprocess.run(["git", "-C", SOURCE, "ls-files", "--cached", "--others", "--exclude-standard"],
                           check=True, capture_output=True, text=True).stdout.split("\n")
    for name in filter(None, files):
        source, target = SOURCE / name, tree / name
        if not source.is_file():
            continue
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def build(tree):
    return subprocess.run(["cmake", "--build", "build/dev", "--target", "telepost_simulation_tests"], cwd=tree,
                          capture_output=True, text=True)


def failing_test(tree):
    """The first test that fails, or None."""
    for names in FILTERS:
        run = subprocess.run(["build/dev/tests/telepost_simulation_tests", f"--gtest_filter={names}", "--gtest_fail_fast"],
                             cwd=tree, capture_output=True, text=True, errors="replace", timeout=900)
        if run.returncode == 0:
            continue
        found = FAILED.search(run.stdout)
        return found.group(1) if found else f"{names} ended with {run.returncode}"
    return None


def try_mutant(tree, mutant):
    """What became of it: ("caught", by) or another word and why."""
    path = tree / mutant.file
    right = path.read_text()
    if right.count(mutant.right) != 1:
        return "outdated", f"{mutant.file} holds its text {right.count(mutant.right)} times"
    path.write_text(right.replace(mutant.right, mutant.wrong))
    try:
        built = build(tree)
        if built.returncode != 0:
            return "does not build", built.stdout[-2000:]
        failed = failing_test(tree)
        return ("caught", failed) if failed else ("survived", "")
    finally:
        path.write_text(right)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("words", nargs="*")
    arguments.add_argument("--list", action="store_true")
    arguments.add_argument("--tree", type=pathlib.Path)
    options = arguments.parse_args()
    chosen = [m for m in MUTANTS if not options.words or any(word in m.name for word in options.words)]
    if options.list:
        for mutant in chosen:
            print(f"{mutant.name:45} {mutant.file}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        tree = options.tree or pathlib.Path(folder)
        copy_tree(tree)
        subprocess.run(["cmake", "--preset", "dev"], cwd=tree, check=True, stdout=subprocess.DEVNULL)
        built = build(tree)
        if built.returncode != 0:
            sys.exit("the tree does not build:\n" + built.stdout[-4000:])
        if failed := failing_test(tree):
            sys.exit(f"{failed} fails without any mutant")
        missed = 0
        for mutant in chosen:
            began = time.monotonic()
            word, why = try_mutant(tree, mutant)
            missed += word != "caught"
            print(f"{mutant.name:45} {word:8} {why}  ({time.monotonic() - began:.0f} s)", flush=True)
        print(f"{len(chosen) - missed} of {len(chosen)} caught")
        return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
