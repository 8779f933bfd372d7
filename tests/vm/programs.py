"""The programs that a virtual machine carries: the bundle's own, taken out of its images where they are in one."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from underlay.artifacts.bundle_source import BundleSource
from underlay.artifacts.catalog import binary_entry, image_entry, pinned_version
from underlay.artifacts.home import bundle_directory

CNI = "/opt/cni/bin"
CNI_PLUGINS = ("bridge", "host-local", "loopback", "portmap")
KUBECTL = "/usr/local/bin/kubectl"  # for the modes' own checks
FLANNEL_PLUGIN = "/opt/flannel/flannel"  # brought by the network, so that it is not there before it is laid down
# Path in the image -> path in the machine; an image's last layer holds its program.
IMAGES = {
    "flannel": ("opt/bin/flanneld", "/opt/bin/flanneld"),
    "kube-proxy": ("usr/local/bin/kube-proxy", "/usr/local/bin/kube-proxy"),
}


def carried(scratch: Path) -> dict[str, Path]:
    """Path in the machine -> file here; what is in an image is unpacked below `scratch`."""
    source = BundleSource(bundle_directory())
    found = {}
    for path in (*(f"{CNI}/{name}" for name in CNI_PLUGINS), FLANNEL_PLUGIN, KUBECTL):
        found[path] = scratch / Path(path).name
        version = pinned_version(binary_entry(found[path].name).component)
        blob = source.binary(found[path].name, version).blob
        assert blob, f"the bundle has no {found[path].name}"
        found[path].write_bytes(blob.read_bytes())
    for image, (inside, path) in IMAGES.items():
        blobs = source.image(image, pinned_version(image_entry(image).component)).blobs
        manifest = json.loads(blobs[0].path.read_text())
        layer = next(b.path for b in blobs if manifest["layers"][-1]["digest"].endswith(b.sha256))
        with tarfile.open(layer) as archive:
            member = archive.extractfile(inside)
            assert member, f"image {image} has no {inside}"
            found[path] = scratch / Path(path).name
            found[path].write_bytes(member.read())
    for program in found.values():
        program.chmod(0o755)
    return found
