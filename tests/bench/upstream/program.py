"""Upstream's end-to-end tests as one program, built from the Kubernetes module that the bundle is built from."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.bench.light_hosts import home
from tests.bench.measure import BenchError, Command, say
from underlay.artifacts.build.go_environment import go_environment
from underlay.artifacts.build.recipes import GoRecipe, go_recipes
from underlay.artifacts.build.toolchain import ensure_go
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.home import architecture

PACKAGE = "k8s.io/kubernetes/test/e2e"


def program() -> Path:
    """`e2e.test`, of the Kubernetes that the bundle has; built where it is not yet, which takes minutes.

    :raises BenchError: when it cannot be built here.
    """
    recipe = next(r for r in go_recipes() if r.module == "k8s.io/kubernetes")
    built = home() / f"e2e-{recipe.version}-{recipe.key(architecture())}.test"
    if not built.exists():
        say(f"building upstream's test program, Kubernetes {recipe.version} (once; ten minutes on two cores)")
        try:
            _build(recipe, ensure_go(say), built)
        except (ArtifactError, BenchError) as error:
            raise BenchError(f"upstream's test program cannot be built here: {reason(str(error))}") from error
    return built


def command(recipe: GoRecipe, go: Path, output: Path) -> tuple[str, ...]:
    """What builds it. The module's own requirements name all that its tests import beyond what the commands do."""
    flags = ("-mod=mod", "-trimpath", "-buildvcs=false", "-vet=off")
    return (str(go), "test", "-c", *flags, "-ldflags", f"-s -w {recipe.ldflags}", "-o", str(output), PACKAGE)


def reason(output: str) -> str:
    """The line of Go's words that says why, which "FAIL" does not."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith("FAIL")]
    return lines[-1] if lines else "no word"


def _build(recipe: GoRecipe, go: Path, built: Path) -> None:
    built.parent.mkdir(parents=True, exist_ok=True)
    # Command adds to what is set outside; empty is as good as not set.
    environment = go_environment(arch=architecture()) | {"GOFLAGS": "", "GOEXPERIMENT": ""}
    with tempfile.TemporaryDirectory(prefix="bench-", dir=built.parent) as work:
        module, output = Path(work) / "module", Path(work) / built.name
        shutil.copytree(recipe.directory, module)
        Command("upstream's test program", command(recipe, go, output), module, environment).run()
        output.rename(built)
