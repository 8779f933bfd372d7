"""Renews the pinned go.mod and go.sum of a build module."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from underlay.artifacts.error import ArtifactError

from .go_environment import go_environment
from .recipes import ETCDUTL, GoRecipe

_TENCENT = "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud"
_GO_LINE = "1.26.0"


def renew(recipe: GoRecipe, *, go: Path, work: Path) -> None:
    """Resolve the build module again in `work`, then replace the project's go.mod and go.sum.

    :raises ArtifactError: when a go command fails.
    """
    if recipe.packages == {"pause": "."}:
        return
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(recipe.directory, work)
    (work / "go.mod").write_text(_go_mod(recipe, go), encoding="utf-8")
    (work / "go.sum").unlink(missing_ok=True)
    imports = "\n".join(f'\t_ "{package}"' for package in sorted(recipe.packages.values()))
    # A main package cannot be imported, but `go mod tidy` accepts it and so finds what the commands need.
    (work / "tools.go").write_text(f"//go:build tools\n\npackage tools\n\nimport (\n{imports}\n)\n", encoding="utf-8")
    # -e: tests of dependencies may import modules that no proxy serves; commands do not.
    _go(go, work, "mod", "tidy", "-e")
    _go(go, work, "list", "-mod=mod", "-deps", *recipe.packages.values(), cgo=recipe.cgo)
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(work / name, recipe.directory / name)


def module_sum(recipe: GoRecipe) -> dict[str, str]:
    """Return module@version -> h1 sum of the recipe's module, from its go.sum; empty for the project's own source."""
    go_sum = recipe.directory / "go.sum"
    if not go_sum.exists():
        return {}
    lines = (line.split() for line in go_sum.read_text(encoding="utf-8").splitlines())
    module = (recipe.module, f"v{recipe.version}")
    return {f"{name}@{version}": h1 for name, version, h1 in lines if (name, version) == module}


def _go_mod(recipe: GoRecipe, go: Path) -> str:
    text = f"module underlay.internal/build/{recipe.name}\n\ngo {_GO_LINE}\n\n"
    text += f"require {recipe.module} v{recipe.version}\n"
    if recipe.name == "kubernetes":
        # Kubernetes replaces its staging modules with directories of its own tree, which importers do not have;
        # each is released as v0.MINOR.PATCH.
        staging = "v0." + recipe.version.partition(".")[2]
        text += "".join(f"\nreplace {name} => {name} {staging}\n" for name in _staging(recipe, go))
    if recipe.name == "etcd":
        text += f"require {ETCDUTL} v{recipe.version}\n"
    if recipe.name == "flannel":
        text += f"\nreplace {_TENCENT}/vpc => ./vpc\n\nreplace {_TENCENT}/common => ./common\n"
    return text


def _staging(recipe: GoRecipe, go: Path) -> list[str]:
    downloaded = json.loads(_go(go, Path("/"), "mod", "download", "-json", f"{recipe.module}@v{recipe.version}"))
    upstream = json.loads(_go(go, Path("/"), "mod", "edit", "-json", downloaded["GoMod"]))
    return sorted(r["Old"]["Path"] for r in upstream.get("Replace") or [] if r["New"]["Path"].startswith("./staging/"))


def _go(go: Path, work: Path, *arguments: str, cgo: bool = False) -> str:
    done = subprocess.run(
        [go, *arguments],
        cwd=work,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env=go_environment(cgo=cgo),
    )
    if done.returncode:
        raise ArtifactError(
            f"go {' '.join(arguments[:2])}",
            "failed",
            found=(done.stderr.strip().splitlines() or ["no output"])[-1],
        )
    return done.stdout
