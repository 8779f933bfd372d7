"""A deploy by the installed package: its wheel, a project that `underlay init` lays out, no checkout."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.installed import Installed, build_wheel, install

pytestmark = [pytest.mark.lab]

NAME = "wheel"
DEPLOY = ("python", "-m", "pyinfra", "-y", "inventories/lab.py", "deploy.py")
# Two hosts on one segment, under a name and in a network of their own.
CHANGES = {
    "Lab(control_planes=1, workers=2, racks=2,": f'Lab(name="{NAME}", network="10.134.0.0/16", workers=1, racks=1,',
    '"cluster_name": "lab"': f'"cluster_name": "{NAME}"',
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    wheel = build_wheel(tmp_path_factory.mktemp("built"))
    made = install(wheel, tmp_path_factory.mktemp("installed")).project("site")
    inventory = made.directory / "inventories/lab.py"
    text = inventory.read_text()
    for old, new in CHANGES.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    inventory.write_text(text)
    made.run("underlay", "lab", "down", "--name", NAME)
    try:
        yield made
    finally:
        made.run("underlay", "lab", "down", "--name", NAME)


def test_a_project_deploys_and_verifies(project: Installed) -> None:
    output = project.run(*DEPLOY)
    assert re.search(r"^network: flannel-vxlan .*; verified by \d+ checks", output, re.MULTILINE), output
    assert (project.directory / ".underlay" / NAME / "kubeconfig").is_file()
    assert len(list(project.directory.glob(f"reports/{NAME}-*/report.html"))) == 1


def test_a_second_run_changes_nothing(project: Installed) -> None:
    output = project.run(*DEPLOY, "--data", "verify=false")
    assert "changes: none; at most 1 SSH executions on a host" in output.splitlines()


def test_a_projects_cluster_is_planned_and_verified_without_a_deploy(project: Installed) -> None:
    assert "no change" in project.run("underlay", "plan", "inventories/lab.py")
    assert f"{NAME}: verified" in project.run("underlay", "verify", "inventories/lab.py")
