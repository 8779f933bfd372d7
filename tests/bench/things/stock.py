"""A pyinfra deploy: the things kept by pyinfra's own operations.

`server.modprobe` finds no module where the kernel has all of them built in (no /proc/modules), so the module is a
guarded command; and `server.sysctl` persists by appending lines, so the file is put whole, as pyinfra's users do.
"""

from __future__ import annotations

from collections.abc import Generator
from io import StringIO

from pyinfra.api import operation
from pyinfra.context import ctx_host
from pyinfra.facts.files import Directory
from pyinfra.operations import apt, files, server, systemd

from .things import DIRECTORIES, MODULE, PACKAGES, SYSCTLS, UNITS, written


@operation()
def modprobe(module: str) -> Generator[str, None, None]:
    """Load a module that is not there."""
    if ctx_host.get().get_fact(Directory, path=f"/sys/module/{module}"):
        ctx_host.get().noop(f"{module} is loaded")
    else:
        yield f"modprobe {module}"


apt.packages(name="packages", packages=list(PACKAGES))
modprobe(name="module", module=MODULE)
for _key, _value in SYSCTLS.items():
    server.sysctl(name=_key, key=_key, value=_value)
for _path in DIRECTORIES:
    files.directory(name=_path, path=_path, mode="755", user="root", group="root")
for _path, _content in written().items():
    files.put(name=_path, src=StringIO(_content), dest=_path, mode="644", user="root", group="root")
for _unit in UNITS:
    systemd.service(name=_unit, service=_unit, running=True, enabled=True)
