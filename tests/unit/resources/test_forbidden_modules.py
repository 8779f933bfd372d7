"""A module that modprobe, or the kernel itself, is told not to load: whoever says so is named before anything is changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Shell
from underlay.resources.kernel_module import KernelModule

# kmod 34 on Debian 13: what `modprobe -n -v br_netfilter` prints, as it is and with lines of /etc/modprobe.d.
INSMOD = "insmod /lib/modules/6.12.1/kernel/net/bridge/bridge.ko\\ninsmod /lib/modules/6.12.1/kernel/net/bridge/br.ko"


@pytest.mark.parametrize(
    ("line", "dry_run", "observed"),
    [
        ("", INSMOD, "loadable"),
        ("blacklist br_netfilter", INSMOD, "loadable"),
        ("install br_netfilter /bin/false", "install /bin/false", "forbidden by {}/cis.conf"),
        ("install br_netfilter /bin/true", "install /bin/true", "forbidden by {}/cis.conf"),
        ("  install br-netfilter /usr/bin/false", "install /usr/bin/false", "forbidden by {}/cis.conf"),
        ("install br_netfilter false", "install false", "forbidden by {}/cis.conf"),
        ("install bridge /bin/false", "install /bin/false\\ninsmod /lib/modules/br.ko", "forbidden by {}/cis.conf"),
        ("install br_netfilter /sbin/modprobe -i br_netfilter", "install /sbin/modprobe -i br_netfilter", "loadable"),
        ("install other /bin/false", "install /bin/false", "forbidden by /etc/modprobe.d"),
    ],
)
def test_a_module_that_modprobe_is_told_not_to_load_is_not_loadable(
    shell: Shell, tmp_path: Path, line: str, dry_run: str, observed: str
) -> None:
    folder = tmp_path / "modprobe.d"
    folder.mkdir()
    (folder / "cis.conf").write_text(f"# hardening\n{line}\n")
    (tmp_path / "disabled").write_text("0\n")
    shell.places = {
        " /etc/modprobe.d": f" {folder}",
        "/sys/module/": "/no/such/",
        "/proc/sys/kernel/modules_disabled": str(tmp_path / "disabled"),
    }
    shell.program_is("modprobe", f"printf '{dry_run}\\n'")
    shell.program_is("modinfo", "echo bridge")
    module = KernelModule("br_netfilter")
    (found,) = shell.observe(module)
    expected = observed.format(folder)
    assert found == (expected if "{}" in observed or observed == "loadable" else f"forbidden by {folder}")
    lack = module.impossible(found)
    if found == "loadable":
        assert lack is None
    else:
        assert lack is not None
        assert lack.startswith("modprobe is told not to load the module br_netfilter, or one that it needs (")


@pytest.mark.parametrize(
    ("line", "by"),
    [
        ("BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet module_blacklist=br_netfilter", "module_blacklist"),
        ("module_blacklist=dccp,br-netfilter,sctp ro", "module_blacklist"),
        ("modprobe.blacklist=br_netfilter", "modprobe.blacklist"),
        ("modprobe.blacklist=nouveau,br_netfilter_x ro", None),
        ("rd.module_blacklist=br_netfilter ro", None),
        ("", None),
    ],
)
def test_a_module_that_the_kernels_command_line_forbids_is_told(
    shell: Shell, tmp_path: Path, line: str, by: str | None
) -> None:
    (tmp_path / "cmdline").write_text(f"{line}\n")
    (tmp_path / "disabled").write_text("0\n")
    shell.places = {
        "/proc/cmdline": str(tmp_path / "cmdline"),
        "/sys/module/": "/no/such/",
        "/proc/sys/kernel/modules_disabled": str(tmp_path / "disabled"),
    }
    shell.program_is("modprobe", f"printf '{INSMOD}\\n'")
    module = KernelModule("br_netfilter")
    (found,) = shell.observe(module)
    assert found == (f"forbidden by {by}" if by else "loadable")
    lack = module.impossible(found)
    assert lack is None if by is None else f"take it out of {by} in the boot loader's configuration" in str(lack)


def test_a_modprobe_that_loads_nothing_is_told_with_what_it_runs(shell: Shell) -> None:
    shell.places = {"/sys/module/": "/no/such/"}
    shell.program_is("modprobe", 'case "$*" in "-n -v "*) echo "install /usr/bin/logger blocked";; esac')
    outcome, said = shell.apply_and_tell(KernelModule("br_netfilter"))
    assert outcome.failed == KernelModule("br_netfilter")
    assert said == (
        "modprobe br_netfilter loads nothing, it runs /usr/bin/logger blocked; look for `install br_netfilter` in "
        "/etc/modprobe.d\n"
    )
