"""Builds and runs the fuzz targets; script/fuzz says how to call it."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/fuzz"
SOURCES = ROOT / "tests/fuzz"


def targets():
    return sorted(path.name.removesuffix("_fuzz.cc") for path in SOURCES.glob("*_fuzz.cc"))


def build(names):
    subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", str(BUILD), "--target", *[f"fuzz_{n}" for n in names]], cwd=ROOT, check=True)


def cpu_seconds():
    times = os.times()
    return times.children_user + times.children_system


def run(name, seconds):
    """Runs one target; returns what it adds to the books: CPU seconds, when the last new edge came, findings."""
    seeds, grown, findings = SOURCES / "corpus" / name, BUILD / "corpus" / name, BUILD / "findings" / name
    grown.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    before = cpu_seconds()
    known = {path.name for path in findings.iterdir()}
    command = [str(BUILD / f"fuzz_{name}"), f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
               "-print_final_stats=1", f"-artifact_prefix={findings}/", str(grown)]
    command += [str(seeds)] if seeds.is_dir() else []
    dictionary = SOURCES / f"{name}.dict"
    command += [f"-dict={dictionary}"] if dictionary.exists() else []
    log = open(BUILD / f"{name}.log", "w", encoding="utf-8", errors="replace")
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.PIPE, text=True, errors="replace")
    last_edge, edges = 0.0, 0
    for line in process.stderr:
        log.write(line)
        found = re.search(r"\b(NEW|INITED)\b.* cov: (\d+)", line)
        if found and int(found[2]) > edges:
            edges = int(found[2])
            # libFuzzer prints no times; the process's own clock says when the edge came.
            last_edge = read_cpu(process.pid) if found[1] == "NEW" else last_edge
    code = process.wait()
    fresh = [path for path in findings.iterdir() if path.name not in known]
    if code != 0 and not fresh:
        print(f"{name}: ended with {code}; see {log.name}", file=sys.stderr)
    return {"cpu": cpu_seconds() - before, "last_edge": last_edge, "edges": edges,
            "failed": code != 0 or bool(fresh)}


def read_cpu(pid):
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(prog="script/fuzz")
    parser.add_argument("target", nargs="?")
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    if options.target and options.target not in targets():
        parser.error(f"no target {options.target}; there are: {', '.join(targets())}")
    names = [options.target] if options.target else targets()
    build(names)
    books_path = BUILD / "books.json"
    books = json.loads(books_path.read_text()) if books_path.exists() else {}
    failed = False
    for name in names:
        result = run(name, options.seconds)
        program = (BUILD / f"fuzz_{name}").stat().st_mtime
        book = books.get(name, {})
        if book.get("program") != program:
            book = {"program": program, "cpu": 0.0, "last_edge": 0.0}
        if result["last_edge"]:
            book["last_edge"] = book["cpu"] + result["last_edge"]
        book["cpu"] += result["cpu"]
        book["edges"] = result["edges"]
        books[name] = book
        failed |= result["failed"]
        books_path.write_text(json.dumps(books, indent=1))
    print(f"{'target':24} {'CPU s':>8} {'edges':>7} {'last new edge at':>17}  findings")
    for name in names:
        book = books[name]
        count = len(list((BUILD / "findings" / name).iterdir()))
        print(f"{name:24} {book['cpu']:8.0f} {book['edges']:7} {book['last_edge']:15.0f} s  {count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
