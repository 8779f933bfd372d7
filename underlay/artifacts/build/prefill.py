"""A containerd root with a bundle's images unpacked, for the lab's hosts on this machine.

A site bakes images into its machine image; a lab starts each host's volume as a copy of this directory.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.bundle_source import BundleSource
from underlay.artifacts.catalog import OPTIONAL, image_entry
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.fetch import images_script
from underlay.artifacts.home import home
from underlay.artifacts.manifest import BundledImage, Manifest, load_manifest

from .steps import Steps

_CONFIG = """\
version = 3
root = "{root}"
state = "{run}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", \
"io.containerd.nri.v1.nri"]
[grpc]
  address = "{run}/containerd.sock"
[ttrpc]
  address = "{run}/containerd.sock.ttrpc"
"""


def prefilled(bundle: Path) -> Path | None:
    """Return the containerd root for the images of this bundle, if it exists."""
    try:
        path = _place(load_manifest(bundle))
    except ArtifactError:
        return None
    return path if path.is_dir() else None


def prefill(bundle: Path, *, steps: Steps) -> Path:
    """Create the containerd root if it is missing, completely or not at all, and return it.

    :raises ArtifactError: when there is no bundle, or containerd does not import an image.
    """
    manifest = load_manifest(bundle)
    place = _place(manifest)
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    for old in place.parent.iterdir():
        shutil.rmtree(old)
    partial = place.with_name(f".{place.name}.partial")
    with steps.step("unpacking images for the lab's hosts"):
        _fill(bundle, manifest, partial)
    partial.rename(place)
    return place


def _images(manifest: Manifest) -> dict[str, BundledImage]:
    """The images that every cluster has; hosts import optional ones, so adding one does not change the root."""
    return {name: i for name, i in manifest.images.items() if image_entry(name).component not in OPTIONAL}


def _place(manifest: Manifest) -> Path:
    parts = sorted(image.digest for image in _images(manifest).values())
    key = hashlib.sha256("\n".join([manifest.binaries["containerd"].sha256, *parts]).encode())
    return home() / "prefilled" / key.hexdigest()[:16]


def _fill(bundle: Path, manifest: Manifest, root: Path) -> None:
    source = BundleSource(bundle)
    store = BlobStore(bundle)
    images = [source.image(name, image.version, manifest.arch) for name, image in _images(manifest).items()]
    with tempfile.TemporaryDirectory(prefix="underlay-") as name:
        run = Path(name)
        programs = {p: run / p for p in ("containerd", "ctr")}
        for program, path in programs.items():
            shutil.copy(store.path(manifest.binaries[program].sha256), path)
            path.chmod(0o755)
        config = run / "config.toml"
        config.write_text(_CONFIG.format(root=root, run=run), encoding="utf-8")
        with (run / "log").open("wb") as log:
            daemon = subprocess.Popen([programs["containerd"], "-c", config], stdout=log, stderr=log)
        try:
            _wait(daemon, run / "containerd.sock", run / "log")
            script = "set -e\n" + images_script(images, str(bundle))
            environment = {
                "PATH": f"{run}:/usr/sbin:/usr/bin:/sbin:/bin",
                "CONTAINERD_ADDRESS": f"{run}/containerd.sock",
            }
            ran = subprocess.run(["sh", "-s"], input=script.encode(), env=environment, capture_output=True, check=False)
            if ran.returncode:
                raise ArtifactError(
                    "images", "cannot be imported into containerd", found=ran.stderr.decode().strip()[-300:]
                )
        finally:
            daemon.terminate()
            daemon.wait(30)


def _wait(daemon: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    for _ in range(200):
        if socket.exists():
            return
        if daemon.poll() is not None:
            break
        time.sleep(0.05)
    raise ArtifactError("containerd", "does not start", found=log.read_text(encoding="utf-8")[-300:].strip())
