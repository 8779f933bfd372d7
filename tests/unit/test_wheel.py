"""The package as a user installs it: a wheel, in an environment away from the checkout, and a project made there.

What needs root and hosts, a deploy from such a project, is in tests/lab/test_installed.py.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.installed import ROOT, Installed, build_wheel, install
from underlay import __version__

from . import wheel_contents

# What a checkout has beside the package: no module of the wheel may need it under such a name.
OUTSIDE = ("tasks", "tests", "config", "deploy", "reset", "lab", "artifacts")
BAD = """\
control_plane = [("cp-1", {"address": "192.0.2.300"})]
workers = [("w-1", {"address": "192.0.2.21"})]
cluster = ([*control_plane, *workers], {"cluster_name": "bad", "network": {"mode": "flanel-vxlan"}})
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    directory = tmp_path_factory.mktemp("installed")
    return install(wheel, directory, UNDERLAY_HOME=str(directory / "state"))


@pytest.fixture(scope="module")
def project(installed: Installed) -> Installed:
    return installed.project("site")


def test_the_wheel_has_one_name_and_every_file_of_the_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {"underlay", f"underlay-{__version__}.dist-info"}
    source = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "underlay").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert source <= set(names)
    assert [n for n in names if "__pycache__" in n or n.endswith(".pyc")] == []


def test_the_wheel_carries_what_stands_beside_the_package_and_of_tests_those_of_a_verification(wheel: Path) -> None:
    found = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("underlay/shipped/")}
    folders = ("templates", "tasks", "inventories", "group_data", "tests/live")
    source = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    source += [
        ROOT / name
        for name in ("deploy.py", "reset.py", "config.py", "Vagrantfile", "vagrant.json", "tests/__init__.py")
    ]
    files = [path.relative_to(ROOT) for path in source if path.is_file() and "__pycache__" not in path.parts]
    assert found == {f"underlay/shipped/{path}" for path in files}


def test_the_package_is_the_wheels_and_needs_nothing_of_the_checkout(installed: Installed) -> None:
    found = installed.python(f"""
        import importlib.util, underlay
        specs = [s for name in {OUTSIDE} if (s := importlib.util.find_spec(name))]
        print(underlay.__file__, [s.name for s in specs if "-packages" not in str(s.origin)])
    """)
    assert found.strip() == f"{next(installed.environment.glob('lib/python*/site-packages'))}/underlay/__init__.py []"
    assert installed.run("underlay", "--version").strip() == f"underlay, version {__version__}"


def test_every_module_can_be_imported(installed: Installed) -> None:
    installed.python("""
        import importlib, pkgutil, underlay
        for module in pkgutil.walk_packages(underlay.__path__, "underlay."):
            # Starts when it is imported, as a program.
            if not module.name.endswith(".__main__") and ".shipped" not in module.name:
                importlib.import_module(module.name)
    """)


def test_what_modules_read_is_there(installed: Installed) -> None:
    found = json.loads(installed.python(Path(wheel_contents.__file__).read_text()))
    assert {"kubernetes", "containerd", "metallb"} < set(found["lock"])
    assert {"cilium", "tigera-operator"} < set(found["charts"])
    assert found["connectors"] == {"lab": "underlay.lab.connector", "vm": "underlay.vagrant.connector"}
    assert found["modules"] == []
    assert found["metallb"] > 5
    assert found["proofs"] > 5
    assert found["prober"]
    assert found["shell"]
    assert found["unit"].startswith("[Unit]")


def test_in_a_project_every_mode_is_listed_and_one_is_chosen(project: Installed) -> None:
    assert "flannel-vxlan" in project.run("underlay", "networks")
    chosen = json.loads(project.run("underlay", "choose", "--inventory", "inventories/bare_metal.py", "--json"))
    assert chosen["best"]["mode"]


@pytest.mark.parametrize("inventory", ["bare_metal", "lab", "lab_bgp", "vagrant"])
def test_a_projects_inventories_render(project: Installed, inventory: str) -> None:
    project.run("underlay", "render", f"inventories/{inventory}.py", "--to", f"rendered/{inventory}")
    assert (project.directory / "rendered" / inventory / "render.json").is_file()


@pytest.mark.parametrize("mode", ["calico-vxlan", "cilium-vxlan"])
def test_modes_that_are_charts_read_their_schemas(project: Installed, mode: str) -> None:
    values = {"calico-vxlan": {"Installation": {"nonesuch": 1}}, "cilium-vxlan": {"nonesuch": 1}}[mode]
    text = (project.directory / "inventories/bare_metal.py").read_text()
    changed = re.sub(r'"network": .*', f'"network": {{"mode": "{mode}", "values": {values}}},', text)
    (project.directory / f"inventories/{mode}.py").write_text(changed)
    refused = project.run("underlay", "render", f"inventories/{mode}.py", "--to", "rendered/refused", code=1)
    assert re.search(r"underlay: network\.values\.(Installation\.)?nonesuch: ", refused)


@pytest.mark.parametrize("command", ["underlay plan", "pyinfra"])
def test_a_bad_inventory_is_refused_with_a_line_for_each_problem(project: Installed, command: str) -> None:
    (project.directory / "inventories/bad.py").write_text(BAD)
    arguments = ("plan", "inventories/bad.py")
    if command == "pyinfra":
        refused = project.run("python", "-m", "pyinfra", "-y", "inventories/bad.py", "deploy.py", code=1)
    else:
        refused = project.run("underlay", *arguments, code=1)
    lines = [line for line in refused.splitlines() if line.startswith("underlay: ")]
    assert len(lines) == 2
    assert "address" in lines[0] + lines[1]
    assert "flannel-vxlan" in lines[0] + lines[1]
    assert "Traceback" not in refused


def test_every_phase_of_a_project_is_imported_from_the_project(project: Installed) -> None:
    found = project.python("""
        import gevent.monkey; gevent.monkey.patch_all()
        import ast, importlib, pathlib
        for node in ast.parse(pathlib.Path("deploy.py").read_text()).body:
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(node.module)
                assert all(callable(getattr(module, alias.name)) for alias in node.names)
                print(pathlib.Path(module.__file__).relative_to(pathlib.Path.cwd()))
    """)
    assert "tasks/verify_cluster.py" in found.splitlines()


def test_the_checks_of_a_verification_are_collected_from_the_package(project: Installed) -> None:
    context = json.loads(project.run("python", "-m", "underlay.run.read_inventory", "inventories/bare_metal.py"))
    for variables in context["hosts"].values():
        # Nobody answers there: what is collected is shown without.
        variables |= {"ssh_hostname": "127.0.0.1", "ssh_port": 1}
    (project.directory / "hosts.json").write_text(json.dumps(context))
    # The checks of hosts are made from the artifacts, which are upstream's here.
    found = project.python("""
        import os, subprocess, sys
        from underlay.run.live_tests import LIVE
        command = [sys.executable, "-m", "pytest", str(LIVE), "-q", "--collect-only", "-p", "no:cacheprovider"]
        options = ["-c", os.devnull, f"--rootdir={LIVE}", f"--ignore={LIVE}/test_hosts.py"]
        environment = {**os.environ, "UNDERLAY_HOSTS": "hosts.json", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        subprocess.run([*command, *options], env=environment)
    """)
    collected = {line.partition("::")[0] for line in found.splitlines() if "::" in line}
    assert collected == {path.name for path in (ROOT / "tests/live").glob("test_*.py")} - {"test_hosts.py"}
