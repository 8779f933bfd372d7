"""Changes of a cluster's network that are killed at random, then finished or taken back.

`python -m tests.lab.killed_changes 20 1` as root: how often, and the seed. A line for each, and the wrong ends.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from pathlib import Path

from .deployed import Deployed, Run
from .flows import pods, workload
from .test_change import LAB, MESH, NETWORKS, record

LIVE = [name for name in NETWORKS if name != "none"]
OWN = {**LAB, "name": "killed", "network": "10.149.0.0/16"}
# Longer than a change takes.
LATEST_S = 30.0
FINISHED = ("verified by", "the network is the one of the inventory")


def wrong_ends(lab: Deployed, count: int, chance: random.Random) -> list[str]:
    """What of these changes did not end with the network that it had to end with, verified, and all pods."""
    network, wrong = "vxlan", []
    for number in range(1, count + 1):
        new = chance.choice([name for name in LIVE if name != network])
        after, is_back = chance.uniform(0, LATEST_S), chance.random() < 0.3
        servers = pods(lab)
        lab.cluster["network"] = NETWORKS[new]
        killed = lab.killed("change", "data path: ", "--yes", "--unverified", after=after)
        is_begun = "change" in record(lab)
        is_back = is_back and is_begun
        run = lab.underlay("change", "--yes", *(["--back"] if is_back else []))
        end = network if is_back else new
        problems = "; ".join(_problems(lab, run, end) + ([] if pods(lab) == servers else ["other pods"]))
        way = "taken back" if is_back else "finished"
        print(
            f"{number}: {network} -> {new}, killed after {after:.1f} s ({killed.code}, "
            f"{'begun' if is_begun else 'not begun, or ended'}), {way}: {problems or 'right'}",
            flush=True,
        )
        if problems:
            wrong.append(f"{number}: {problems}\n{run.text}")
        network = end
    return wrong


def _problems(lab: Deployed, run: Run, end: str) -> list[str]:
    found, settings = record(lab), NETWORKS[end]
    has = json.loads(found["spec"])["network"]
    return [
        problem
        for problem, holds in (
            (f"exit status {run.code}", run.code == 0),
            ("not verified", any(line in run.text for line in FINISHED)),
            ("the change has not ended", "change" not in found),
            (f"the record has {has}", settings.items() <= has.items()),
        )
        if not holds
    ]


def main(count: int, seed: int) -> None:
    """Make a cluster, and change its network."""
    with (
        Deployed(lab=OWN, cluster={**MESH, "network": NETWORKS["vxlan"]}).booted() as lab,
        tempfile.TemporaryDirectory() as directory,
    ):
        run = lab.deploy("--data", "verify=false")
        assert run.code == 0, run.end
        workload(lab, Path(directory))
        wrong = wrong_ends(lab, count, random.Random(seed))  # noqa: S311
    print(f"{count} changes, seed {seed}: {len(wrong)} wrong ends")
    for text in wrong:
        print(text)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
