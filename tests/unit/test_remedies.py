"""A remedy can be followed: the commands, options, modes, variables and codes that messages name exist."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from underlay.cli.main import cli
from underlay.findings.codes import CODES
from underlay.inventory.spec import GROUPS
from underlay.inventory.variables import ClusterVariables, HostVariables
from underlay.networks.registry import modes, retired

ROOT = Path(__file__).resolve().parents[2]
# What is named like a mode and is none: programs, links, images and units of plugins.
NO_MODES = re.compile(
    r"calico-(node|kube-controllers|typha|kubeconfig|ipam|apiserver|arp|system)|cilium-(cni|agent|config|operator|envoy|secrets|ca|ipsec-keys|dbg|health)|flannel-(cni-plugin|wg|wg-v6|v6|ipv4|ipv6|io|cfg|daemon|cni)|weave-(net|ipam|plugin|npc|kube)"
)
# Settings of networks, of pyinfra and of SSH, and keys of what variables hold.
OF_OTHERS = {"ssh_hostname", "ssh_user", "ssh_port", "ssh_key", "_sudo", "mode", "provider", "network"}


@cache
def messages() -> list[tuple[str, str]]:
    """Where each text of the package stands, but docstrings and shell; what is put into it is a …"""
    found = []
    for path in sorted((ROOT / "underlay").rglob("*.py")):
        where = str(path.relative_to(ROOT))
        found += [(f"{where}:{line}", text) for line, text in texts(ast.parse(path.read_text(encoding="utf-8")))]
    return found


def texts(node: ast.AST, *, within: bool = False) -> Iterator[tuple[int, str]]:
    """Line and text of each literal, but those within one that has values put into it."""
    if isinstance(node, ast.JoinedStr):
        yield node.lineno, "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
        within = True
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not within:
        yield node.lineno, node.value
    for child in ast.iter_child_nodes(node):
        yield from texts(child, within=within)


def remedies() -> list[tuple[str, str]]:
    return [(where, text) for where, text in messages() if "; " in text and "\n" not in text]


def problem_of(command: str) -> str | None:
    """What of a command line the program does not know."""
    words = shlex.split(command.replace("`", "").rstrip(".,;:)"))[1:]
    found: click.Command = cli
    context = click.Context(cli)
    while words and isinstance(found, click.Group):
        if not re.fullmatch(r"[a-z-]+", words[0]):
            return None
        following = found.get_command(context, words[0])
        if following is None:
            return f"there is no command {words[0]}"
        found, words = following, words[1:]
    options = {o for p in found.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
    unknown = [w for w in words if w.startswith("--") and w.partition("=")[0] not in options]
    return f"{found.name} has no {unknown[0]}" if unknown else None


def commands(text: str) -> list[str]:
    """Commands of ours in backquotes, or after a word that announces one."""
    quoted = re.findall(r"`(underlay [^`]+)`", text)
    bare = re.findall(r"(?:; |run |see |or |one: |why: |without )(underlay [a-z]+(?: [a-z]+)?(?: --[a-z-]+)?)", text)
    return [*quoted, *bare]


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("underlay destroy w-1", "there is no command destroy"),
        ("underlay lab boot", "there is no command boot"),
        ("underlay verify --restart", "verify has no --restart"),
        ("underlay lab up --name x", None),
        ("underlay deploy INVENTORY", None),
    ],
)
def test_a_command_that_is_not_there_is_found(command: str, problem: str | None) -> None:
    assert problem_of(command) == problem


def test_every_command_that_is_named_exists() -> None:
    named = [(where, command) for where, text in messages() if "\n" not in text for command in commands(text)]
    # A group's own subcommand may follow in prose: "underlay choose says".
    wrong = [(w, c, p) for w, c in named if (p := problem_of(c)) and problem_of(" ".join(c.split()[:2]))]
    assert len(named) > 10
    assert wrong == []


def test_every_mode_that_is_named_exists() -> None:
    known = {*modes(), *retired()}
    pattern = re.compile(r"(?<![\w./-])(?:calico|cilium|flannel|weave)-[a-z]+(?:-[a-z]+)*(?![\w*/.-])")
    named = [
        (where, name) for where, text in remedies() for name in pattern.findall(text) if not NO_MODES.fullmatch(name)
    ]
    assert len(named) > 40
    assert [(w, n) for w, n in named if n not in known] == []


def test_every_variable_that_is_named_exists() -> None:
    fields = {*ClusterVariables.model_fields, *HostVariables.model_fields, *GROUPS, *OF_OTHERS}
    settings = {name for mode in modes().values() for name in mode.model_fields}
    named = [(w, n) for w, text in remedies() for n in re.findall(r"\b([a-z_]{3,}) = [\"{\[]", text.partition("; ")[2])]
    assert len(named) > 5
    assert [(w, n) for w, n in named if n not in fields | settings] == []


def test_every_code_that_is_named_exists() -> None:
    named = [(w, n) for w, text in messages() for n in re.findall(r"accepted = \{\"([a-z0-9-]+)\"", text)]
    assert [(w, n) for w, n in named if n not in CODES] == []
