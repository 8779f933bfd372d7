"""Builds the bundle: compiles what is missing, stores it by content, and writes the manifest last."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from underlay.artifacts.blobs import Blob, BlobStore, write_atomically
from underlay.artifacts.catalog import BINARIES, IMAGES, pinned_version, version_beside
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.home import architecture, build_directory
from underlay.artifacts.manifest import (
    BundledBinary,
    BundledImage,
    Manifest,
    load_manifest,
    save_manifest,
)

from .adopt import adopt
from .base import base_key, build_base
from .build_state import Build
from .compile import compile_recipe
from .go_environment import free_memory
from .gomod import module_sum
from .image import index_document, write_image
from .image_recipes import IMAGE_RECIPES, ImageRecipe
from .layer import Contents, write_layer
from .recipes import GoRecipe, go_recipes, required_recipes
from .side_by_side import Programs, lanes_for, run_side_by_side
from .steps import Say, Steps
from .toolchain import ensure_go, ensure_static_c, go_version


def build_bundle(
    bundle: Path,
    *,
    steps: Steps,
    arch: str | None = None,
    kubernetes: str = "",
    optional: Iterable[str] = (),
    needed: Iterable[str] | None = None,
) -> bool:
    """Bring a bundle up to date; return whether anything was built.

    `needed` (all that one network or another requires) and `optional` name recipes. What the bundle has already is kept
    and brought up to date as well. For `kubernetes`, another version than the pinned one, what the pinned version's
    bundle has of the same is copied.

    :raises ArtifactError: when a build fails, another one is running, or the bundle cannot be written.
    """
    try:
        with exclusive(build_directory()):
            wanted = (required_recipes() if needed is None else frozenset(needed)).union(optional)
            # Its state is its own: an output has one key in a state, whichever bundle it is for.
            work = build_directory() / f"v{kubernetes}" if kubernetes else build_directory()
            build = Build(bundle, work, arch or architecture(), kubernetes, wanted=wanted)
            return _build(build, steps)
    except OSError as error:
        raise ArtifactError(
            f"bundle {bundle}",
            "cannot be written",
            found=str(error),
            remedy="free space there, or set UNDERLAY_HOME to another directory",
        ) from None


def _build(build: Build, steps: Steps) -> bool:
    adopt(build, _expected_keys(build), steps=steps)
    missing = [r for r in _recipes(build) if _missing(build, r)]
    base = not build.has("base", base_key(build.arch))
    if not missing and not base and _is_current(build):
        _sweep(build.store, load_manifest(build.bundle))
        return False
    programs = Programs()
    parts = [partial(_build_base, build, steps)] if base else []
    parts += [partial(_build_recipe, build, recipe, steps, programs) for recipe in missing]
    run_side_by_side(parts, lanes=lanes_for(free_memory(), cores=os.cpu_count() or 1), programs=programs)
    with steps.step("images and manifest"):
        publish(build)
    return True


def _build_base(build: Build, steps: Steps) -> None:
    with steps.step("base layer") as say:
        base = build_base(build.store, work=build.work, say=say)
        with build.recording():
            build.record("base", base_key(build.arch), base.blob)
            build.built["base"] = {"packages": base.packages}


def _build_recipe(build: Build, recipe: GoRecipe, steps: Steps, programs: Programs) -> None:
    names = ", ".join(n.partition("/")[2] for n in _missing(build, recipe))
    with steps.step(f"{recipe.name} {recipe.version}: {names}") as say:
        _compile(build, recipe, say, programs)


def publish(build: Build) -> Manifest:
    """Write the layout's documents, the manifest last, and delete blobs that nothing refers to."""
    manifest = _assemble(build)
    write_atomically(build.bundle / "oci-layout", '{"imageLayoutVersion":"1.0.0"}\n')
    refs = {image.ref: image.blobs[0] for image in manifest.images.values()}
    index = json.dumps(index_document(refs), indent=1)
    write_atomically(build.bundle / "index.json", index + "\n")
    save_manifest(build.bundle, manifest)
    _sweep(build.store, manifest)
    return manifest


def _sweep(store: BlobStore, manifest: Manifest) -> None:
    for name in store.names() - set(manifest.references()):
        store.path(name).unlink()


def _assemble(build: Build) -> Manifest:
    bundled = [b for b in BINARIES.values() if b.bundled and b.component in build.wanted]
    names = {b.name: _output_name(b.name, b.component) for b in bundled}
    return Manifest(
        arch=build.arch,
        binaries={
            name: BundledBinary(
                version=_version(build, BINARIES[name].component),
                sha256=build.outputs[output].sha256,
                size=build.outputs[output].size,
            )
            for name, output in names.items()
        },
        images={
            name: _image(build, name, recipe)
            for name, recipe in IMAGE_RECIPES.items()
            if recipe.recipes <= build.wanted
        },
        outputs={n: build.outputs[n] for n in sorted(_expected_keys(build))},
        built=build.built,
        charts=build.charts,
    )


def _image(build: Build, name: str, recipe: ImageRecipe) -> BundledImage:
    entry = IMAGES[name]
    version = _version(build, entry.component)
    layers = ["base", f"layer/{name}"] if recipe.on_base else [f"layer/{name}"]
    blobs = write_image(build.store, recipe, [build.outputs[n].blob for n in layers], arch=build.arch)
    return BundledImage(ref=entry.ref(version), version=version, digest=blobs[0].digest, blobs=blobs)


def _version(build: Build, component: str) -> str:
    return version_beside(component, build.kubernetes or pinned_version("kubernetes"))


def _recipes(build: Build) -> tuple[GoRecipe, ...]:
    return tuple(r for r in go_recipes(build.kubernetes) if r.name in build.wanted)


def _expected_keys(build: Build) -> dict[str, str]:
    """Return output -> key for all outputs of the bundle."""
    keys = {"base": base_key(build.arch)}
    for recipe in _recipes(build):
        keys |= _keys(recipe, build.arch)
    return keys


def _keys(recipe: GoRecipe, arch: str) -> dict[str, str]:
    """Return output -> key of one recipe: its bundled binaries and the layers that contain its commands."""
    key = recipe.key(arch)
    outputs = {
        _output_name(b.name, b.component): key for b in BINARIES.values() if b.bundled and b.component == recipe.name
    }
    for name, image in IMAGE_RECIPES.items():
        if recipe.name in image.recipes:
            text = json.dumps([key, image.files, image.links], sort_keys=True)
            outputs[f"layer/{name}"] = hashlib.sha256(text.encode()).hexdigest()[:20]
    return outputs


def _output_name(name: str, component: str) -> str:
    return f"{component}/{name}"


def _missing(build: Build, recipe: GoRecipe) -> list[str]:
    return [name for name, key in _keys(recipe, build.arch).items() if not build.has(name, key)]


def _is_current(build: Build) -> bool:
    try:
        manifest = load_manifest(build.bundle)
    except ArtifactError:
        return False
    expected = _expected_keys(build)
    complete = all(build.store.holds(blob) for blob, _ in manifest.references().values())
    documents = all((build.bundle / n).is_file() for n in ("oci-layout", "index.json"))
    return complete and documents and {n: o.key for n, o in manifest.outputs.items()} == expected


def _compile(build: Build, recipe: GoRecipe, say: Say, programs: Programs) -> None:
    go = ensure_go(say)
    if recipe.cgo:
        ensure_static_c(say)
    commands = compile_recipe(recipe, go=go, work=build.work, arch=build.arch, say=say, programs=programs)
    blobs = {output: _store(build, output, commands) for output in _keys(recipe, build.arch)}
    with build.recording():
        for output, key in _keys(recipe, build.arch).items():
            build.record(output, key, blobs[output])
        build.built.setdefault("modules", {})[recipe.name] = {
            "module": f"{recipe.module}@v{recipe.version}",
            "sum": module_sum(recipe).get(f"{recipe.module}@v{recipe.version}", "own source"),
            "go": go_version(go),
        }
    for path in commands.values():
        path.unlink()


def _store(build: Build, output: str, commands: dict[str, Path]) -> Blob:
    """Store an output of a recipe: a command, or an image's layer of commands."""
    kind, _, name = output.partition("/")
    if kind != "layer":
        return build.store.add_file(commands[name])
    image = IMAGE_RECIPES[name]
    files = {path: commands[command.split("/")[1]] for path, command in image.files.items()}
    return write_layer(build.store, Contents(files=files, links=dict(image.links)))


@contextmanager
def exclusive(work: Path) -> Iterator[None]:
    """Hold the build lock during the block.

    :raises ArtifactError: when another process holds it.
    """
    work.mkdir(parents=True, exist_ok=True)
    lock = work / "lock"
    with lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ArtifactError(
                "bundle",
                "another build is running",
                found=f"process {file.read().strip() or 'unknown'}, {lock}",
                remedy="wait until it ends",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
