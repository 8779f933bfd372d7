"""The kernel's build options and its BTF: cheap to observe, and reported before anything is installed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.unit.local_host import LocalHost, Result, SayingHost, Shell
from underlay.resources.btf import Btf
from underlay.resources.kernel_option import KernelOption

CONFIG = """\
# Linux/x86 6.1.0 Kernel Configuration
CONFIG_BPF=y
CONFIG_BPF_SYSCALL=y
CONFIG_VXLAN=m
CONFIG_NET_CLS_BPF_EXTRA=y
CONFIG_HZ=250
# CONFIG_GENEVE is not set
"""


@pytest.fixture
def kernel(shell: Shell, tmp_path: Path) -> Path:
    """A kernel 6.1.0 that hides how it was built."""
    shell.places = {
        "/proc/config.gz": str(tmp_path / "config.gz"),
        "/boot": str(tmp_path / "boot"),
        "/lib/modules": str(tmp_path / "modules"),
    }
    (tmp_path / "boot").mkdir()
    (tmp_path / "modules/6.1.0").mkdir(parents=True)
    shell.program_is("uname", "echo 6.1.0")
    return tmp_path


def observed(shell: Shell, *options: KernelOption) -> list[str]:
    return shell.observe(*options)


OPTIONS = tuple(KernelOption(name) for name in ("BPF_SYSCALL", "VXLAN", "GENEVE", "NET_CLS_BPF", "HZ", "NETKIT"))
FOUND = ["y", "m", "off", "off", "off", "off"]


def test_queries_the_running_kernel(shell: Shell, kernel: Path) -> None:
    (kernel / "config.gz").write_bytes(gzip.compress(CONFIG.encode()))
    assert observed(shell, *OPTIONS) == FOUND


@pytest.mark.parametrize("place", ["boot/config-6.1.0", "modules/6.1.0/config"])
def test_queries_the_distribution_where_the_kernel_does_not_report(shell: Shell, kernel: Path, place: str) -> None:
    (kernel / place).write_text(CONFIG)
    assert observed(shell, *OPTIONS) == FOUND


def test_says_nothing_of_a_kernel_that_hides_how_it_was_built(shell: Shell, kernel: Path) -> None:
    option = KernelOption("GENEVE")
    assert observed(shell, option, option) == ["unknown", "unknown"]
    assert (option.sentence("unknown"), option.impossible("unknown")) == (None, None)


def test_reads_the_configuration_once_for_all(shell: Shell, kernel: Path) -> None:
    (kernel / "boot/config-6.1.0").write_text(CONFIG)
    shell.program_is("cat", f'echo read >>{kernel}/log; exec /bin/cat "$@"')
    observed(shell, *OPTIONS)
    assert (kernel / "log").read_text() == "read\n"


def test_knows_an_option_by_the_names_it_has_had(shell: Shell, kernel: Path) -> None:
    (kernel / "boot/config-6.1.0").write_text("CONFIG_CRYPTO_LIB_SHA1=y\n")
    assert observed(shell, KernelOption("CRYPTO_SHA1", known_as=("CRYPTO_LIB_SHA1",))) == ["y"]


def test_what_the_kernel_lacks_is_reported_by_name(shell: Shell, kernel: Path) -> None:
    (kernel / "boot/config-6.1.0").write_text(CONFIG)
    option = KernelOption("NET_CLS_BPF", "attaches programs to links")
    reason = "this kernel was built without CONFIG_NET_CLS_BPF, which attaches programs to links; boot one that has it"
    assert option.impossible(observed(shell, option)[0]) == reason
    assert option.sentence("off") == "kernel option NET_CLS_BPF: off -> on"
    outcome, err = shell.apply_and_tell(option)
    assert (outcome.failed, err) == (option, f"{reason}\n")


@pytest.mark.parametrize("found", ["y", "m"])
def test_what_is_there_is_not_reported(found: str) -> None:
    assert (KernelOption("BPF").sentence(found), KernelOption("BPF").impossible(found)) == (None, None)


def test_checks_an_option_in_the_file_itself(local: LocalHost, kernel: Path) -> None:
    local.shell.places = {"/boot": str(kernel / "boot"), "/proc/config.gz": str(kernel / "none")}
    local.shell.program_is("uname", "echo 6.1.0")
    assert KernelOption("GENEVE").check(local) is None
    (kernel / "boot/config-6.1.0").write_text(CONFIG)
    assert KernelOption("VXLAN").check(local) is None
    lacks = "this kernel was built without CONFIG_GENEVE; boot one that has it"
    assert KernelOption("GENEVE").check(local) == lacks


def test_types_are_there_or_not(shell: Shell, tmp_path: Path) -> None:
    shell.places = {"/sys/kernel/btf": str(tmp_path)}
    assert Btf().impossible(shell.observe(Btf())[0]) == (
        "this kernel has no type information (/sys/kernel/btf/vmlinux); boot one built with CONFIG_DEBUG_INFO_BTF"
    )
    assert shell.apply(Btf()).failed == Btf()
    (tmp_path / "vmlinux").write_bytes(b"\x9f\xeb\x01\x00")
    assert (shell.observe(Btf()), Btf().impossible("present"), Btf().sentence("present")) == (["present"], None, None)
    assert shell.apply(Btf()).unmet == ()


@pytest.mark.parametrize(("bytes_", "good"), [(" 9f eb\n", True), (" eb 9f\n", True), (" 00 00\n", False), ("", False)])
def test_checks_types_by_how_they_begin(bytes_: str, good: bool) -> None:
    assert (Btf().check(SayingHost({"od": Result(0, bytes_)})) is None) == good
