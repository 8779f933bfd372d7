"""Distribution packages that are installed, whichever package manager the host has."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from .resource import Host, Resource

# Debian package -> its name on distributions with dnf; the others have one name everywhere.
DNF_NAMES = {
    "conntrack": "conntrack-tools",
    "iproute2": "iproute",
    "iputils-ping": "iputils",
    "procps": "procps-ng",
    "wireguard-tools": "wireguard-tools",
}


@dataclass(frozen=True)
class Packages(Resource):
    """Package names as Debian spells them; one resource for all, since one query of the package database does."""

    packages: tuple[str, ...]

    kind = "packages"
    prelude = """\
u_packages() {
  if command -v dpkg-query >/dev/null; then
    have=$(dpkg-query -W -f '${db:Status-Status}=${Package} ' "$@")
    [ $? -lt 2 ] || { u_why='dpkg-query cannot read the database of packages'; return 1; }
    have=" $have "
  else u_need rpm || return; have=" $(rpm -q --qf 'installed=%{NAME}\\n' "$@" | tr '\\n' ' ') "; fi
  m=; for p do case "$have" in *" installed=$p "*) ;; *) m="$m $p";; esac; done
  echo "missing:$m"
}"""

    @property
    def name(self) -> str:
        return " ".join(self.packages)

    @property
    def title(self) -> str:
        return self.kind

    def observe(self) -> str:
        debian = " ".join(quote(p) for p in self.packages)
        dnf = " ".join(quote(DNF_NAMES.get(p, p)) for p in self.packages)
        if debian == dnf:
            return f"u_packages {debian}"
        return f"if command -v dpkg-query >/dev/null; then u_packages {debian}; else u_packages {dnf}; fi"

    def difference(self, observed: str) -> str | None:
        missing = observed.removeprefix("missing:").split() if observed.startswith("missing:") else list(self.packages)
        return f"install {' '.join(missing)}" if missing else None

    def apply(self) -> str:
        debian = " ".join(quote(p) for p in self.packages)
        dnf = " ".join(quote(DNF_NAMES.get(p, p)) for p in self.packages)
        return f"""\
if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  get() {{ apt-get -q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -o Acquire::http::Timeout=20 "$@" >&2; }}
  get install --no-install-recommends {debian} || {{ get update && get install --no-install-recommends {debian}; }}
else dnf -q -y install --setopt=install_weak_deps=False {dnf} >&2; fi"""

    def check(self, host: Host) -> str | None:
        debian = " ".join(quote(p) for p in self.packages)
        dnf = " ".join(quote(DNF_NAMES.get(p, p)) for p in self.packages)
        found = host.run(f"if command -v dpkg >/dev/null; then dpkg -s {debian}; else rpm -q {dnf}; fi")
        lines = (found.stdout + found.stderr).splitlines()
        missing = [line for line in lines if "not installed" in line or "deinstall" in line]
        return missing[0].strip() if missing else None
