"""script/bench scale: what deliveries and lists cost as one account grows from 1,000 to 1,000,000 messages, and as the store
grows from 1,000 to 1,000,000 accounts. Each row is beside the same at the smallest size ("peer"): the ratio is how many
times the cost has grown. Goals: engine operations within 1.05, warm time within 1.3; cold times have no goal."""
import argparse
import json
import subprocess
import tempfile

import harness


def measure(folder, messages, accounts, rounds):
    command = [str(harness.TELEPOST), "bench", "scale", "--folder", folder, "--rounds", str(rounds),
               "--messages", *map(str, messages), "--accounts", *map(str, accounts)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in answer.stdout.splitlines()]


def growth(name, unit, value, smallest, goal):
    ratio = value / smallest if smallest else None
    return {"name": name, "value": value, "unit": unit, "peer": "smallest size", "peer_value": smallest,
            "ratio": ratio, "goal": goal, "met": None if goal is None or ratio is None else ratio <= goal}


def rows_of(measured):
    smallest = {}
    rows = []
    for each in measured:
        key = (each["what"], each["of"])
        if key not in smallest:
            smallest[key] = each
            continue
        first = smallest[key]
        name = f"{each['what']}, {each['size']} {each['of']}"
        rows.append(growth(name, "engine operations", each["operations"], first["operations"], 1.05))
        rows.append(growth(name, "us warm", each["micros"], first["micros"], 1.3))
        if each["cold_micros"]:
            rows.append(growth(name, "us cold", each["cold_micros"], first["cold_micros"], None))
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="to 100,000 messages and accounts")
    arguments = parser.parse_args()
    last = 100_000 if arguments.quick else 1_000_000
    sizes = [size for size in (1_000, 10_000, 100_000, 1_000_000) if size <= last]
    (harness.BUILD / "bench").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=harness.BUILD / "bench") as folder:
        measured = measure(folder, sizes, [1_000, last], 300)
    harness.show("scale", rows_of(measured), arguments.json)


if __name__ == "__main__":
    main()
