"""Compiles the commands of a Go recipe."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import deque
from pathlib import Path

from underlay.artifacts.error import ArtifactError

from .recipes import BUILD_FLAGS, GoRecipe
from .steps import Say

_PACKAGE_LINE = re.compile(r"^[a-zA-Z0-9._~/-]+$")


def compile_recipe(recipe: GoRecipe, *, go: Path, work: Path, arch: str, say: Say) -> dict[str, Path]:
    """Build all commands of a recipe below `work`; return name -> file. Go's build cache makes a second build a relink.

    :raises ArtifactError: when `go build` fails; the module directory is kept.
    """
    module, output = work / recipe.name, work / f"{recipe.name}.out"
    for directory in (module, output):
        shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(recipe.directory, module)
    output.mkdir()
    say("reading the module")
    ldflags = f"-s -w {recipe.ldflags}".strip()
    command = [str(go), "build", "-v", *BUILD_FLAGS, "-ldflags", ldflags, "-o", f"{output}/"]
    _run(recipe, [*command, *recipe.packages.values()], module, arch, say)
    return {name: _rename(output, package, name, recipe) for name, package in recipe.packages.items()}


def go_environment(*, cgo: bool = False, arch: str | None = None) -> dict[str, str]:
    """Return this process's environment, with variables that change the output set to fixed values."""
    env = {k: v for k, v in os.environ.items() if k not in ("GOFLAGS", "GOWORK", "GOEXPERIMENT")}
    env |= {"GOWORK": "off", "CGO_ENABLED": "1" if cgo else "0", "GOOS": "linux"}
    env.setdefault("HOME", "/root")
    return env | ({"GOARCH": arch} if arch else {})


def _run(recipe: GoRecipe, command: list[str], module: Path, arch: str, say: Say) -> None:
    count, tail = 0, deque[str](maxlen=15)
    environment = go_environment(cgo=recipe.cgo, arch=arch)
    with subprocess.Popen(command, cwd=module, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if _PACKAGE_LINE.match(line.strip()):
                count += 1
                say(f"{count} packages compiled")
            else:
                tail.append(line.strip())
    if process.returncode:
        raise ArtifactError(
            f"{recipe.name} v{recipe.version}",
            "go build failed",
            found=" / ".join(line for line in tail if line)[-600:] or f"exit {process.returncode}",
            remedy=f"see the module directory {module}",
        )


def _rename(output: Path, package: str, name: str, recipe: GoRecipe) -> Path:
    # go names the file after the last element that is no major version
    parts = [p for p in package.split("/") if not re.fullmatch(r"v\d+", p)]
    made = output / (parts[-1] if package != "." else recipe.module.rpartition("/")[2])
    return made.rename(output / name)
