"""The emulator's command line; configuration files of this machine are ignored."""

from underlay.lab.model.topology import LabNode

from .guest import GuestPaths, mac
from .image import EMULATOR, GuestImage

MEMORY_MB = 1024
_TRANSLATED_MB = 256  # for translated code; the emulator's own default is a quarter of the machine's memory


def command(
    node: LabNode, at: GuestPaths, image: GuestImage, *, tap: str, memory_mb: int = MEMORY_MB, cores: int = 1
) -> list[str]:
    """Return the command line. Software emulation only: a /dev/kvm that is itself emulated is slower."""
    disk = f"file={image.disk},format=raw,if=virtio,cache=unsafe,snapshot=on"
    return [
        *(EMULATOR, "-name", node.name, "-no-user-config", "-nodefaults", "-display", "none"),
        *("-accel", f"tcg,thread=multi,tb-size={_TRANSLATED_MB}", "-M", "q35", "-cpu", "max"),
        *("-smp", str(cores), "-m", str(memory_mb)),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", _kernel_line(node)),
        *("-drive", disk, "-drive", f"file={at.seed},format=raw,if=virtio,readonly=on"),
        *("-netdev", f"tap,id=rack,ifname={tap},script=no,downscript=no"),
        *("-device", f"virtio-net-pci,netdev=rack,mac={mac(node)},romfile="),
        *("-device", "virtio-rng-pci", "-serial", f"file:{at.console}", "-daemonize"),
    ]


def _kernel_line(node: LabNode) -> str:
    words = ("root=/dev/vda", "rootfstype=ext4", "rw", "console=ttyS0", "quiet", "net.ifnames=0")
    # The machines run the lab's tests only, and each saved instruction counts.
    fast = ("mitigations=off", "tsc=reliable")
    # On a busy machine the kernel finds an emulated timer too slow and can panic; it reboots then. The TSC is measured
    # wrongly, too, and a clock based on it ran five times too fast.
    robust = ("no_timer_check", "panic=1", "clocksource=acpi_pm")
    return " ".join((*words, *fast, *robust, f"systemd.hostname={node.name}"))
