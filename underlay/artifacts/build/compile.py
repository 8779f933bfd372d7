"""Compiles the commands of a Go recipe."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import deque
from pathlib import Path

from underlay.artifacts.error import ArtifactError

from .go_environment import go_environment
from .recipes import BUILD_FLAGS, GoRecipe
from .side_by_side import Programs
from .steps import Say

# Debug information, which the linker drops in the end: compiling takes a tenth less without. It is not part of a
# recipe's key: the instructions are the same, only addresses and the place of a function differ.
_NO_DEBUG_INFORMATION = "-gcflags=all=-dwarf=false"
_PACKAGE_LINE = re.compile(r"^[a-zA-Z0-9._~/-]+$")


def compile_recipe(
    recipe: GoRecipe, *, go: Path, work: Path, arch: str, say: Say, programs: Programs | None = None
) -> dict[str, Path]:
    """Build all commands of a recipe below `work`; return name -> file. Go's build cache makes a second build a relink.

    :raises ArtifactError: when `go build` fails; the module directory is kept.
    """
    module, output, temporary = (work / f"{recipe.name}{suffix}" for suffix in ("", ".out", ".tmp"))
    for directory in (module, output, temporary):
        shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(recipe.directory, module)
    output.mkdir()
    temporary.mkdir()
    say("reading the module")
    ldflags = f"-s -w {recipe.ldflags}".strip()
    command = [str(go), "build", "-v", *BUILD_FLAGS, _NO_DEBUG_INFORMATION, "-ldflags", ldflags, "-o", f"{output}/"]
    # A compiler that is killed leaves its temporary files: here the next build removes them.
    environment = go_environment(cgo=recipe.cgo, arch=arch) | {"GOTMPDIR": str(temporary)}
    with (programs or Programs()).run([*command, *recipe.packages.values()], cwd=module, env=environment) as process:
        last = _watch(process, say)
    if process.returncode:
        raise ArtifactError(
            f"{recipe.name} v{recipe.version}",
            "go build failed",
            found=last or f"exit {process.returncode}",
            remedy=f"see the module directory {module}",
        )
    return {name: _rename(output, package, name, recipe) for name, package in recipe.packages.items()}


def _watch(process: subprocess.Popen[str], say: Say) -> str:
    """Report progress until `go build -v` ends; return the last of what it printed besides packages."""
    count, tail = 0, deque[str](maxlen=15)
    assert process.stderr is not None
    for line in process.stderr:
        if _PACKAGE_LINE.match(line.strip()):
            count += 1
            say(f"{count} packages compiled")
        else:
            tail.append(line.strip())
    return " / ".join(line for line in tail if line)[-600:]


def _rename(output: Path, package: str, name: str, recipe: GoRecipe) -> Path:
    # go names the file after the last element that is no major version
    parts = [p for p in package.split("/") if not re.fullmatch(r"v\d+", p)]
    made = output / (parts[-1] if package != "." else recipe.module.rpartition("/")[2])
    return made.rename(output / name)
