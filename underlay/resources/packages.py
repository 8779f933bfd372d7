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
    restorable = True
    prelude = """\
u_packages() {
  if command -v dpkg-query >/dev/null; then
    have=$(dpkg-query -W -f '${db:Status-Status}=${Package} ' "$@")
    [ $? -lt 2 ] || { u_why='dpkg-query cannot read the database of packages'; return 1; }
    have=" $have "
  else u_need rpm || return; have=" $(rpm -q --qf 'installed=%{NAME}\\n' "$@" | tr '\\n' ' ') "; fi
  m=; for p do case "$have" in *" installed=$p "*) ;; *) m="$m $p";; esac; done
  printf 'missing:%s' "$m"
  [ -z "$m" ] || ! command -v apt-get >/dev/null || u_obtainable $m
}
u_obtainable() { # says what apt has against installing; lists are renewed in a directory of their own
  u_get() { timeout 45 apt-get -q -y -o Acquire::Retries=0 -o Acquire::http::Timeout=10 $u_own "$@" 2>&1; }
  u_own=
  ! u_get -s install --no-install-recommends "$@" >/dev/null || return 0
  u_dir=$(mktemp -d) || return 0
  u_own="-o Dir::State::Lists=$u_dir -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root"
  u_said=$(u_get update); [ $? = 124 ] || u_said="$u_said$u_nl$(u_get -s install --no-install-recommends "$@")" ||
    printf '|%s' "$(printf '%s' "$u_said" | grep -E '^[EW]: ' | cut -c 4- | awk '!n[$0]++' | tail -n 3 | tr '\n' ' ')"
  rm -rf "$u_dir"
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
        missing = self.missing(observed)
        return f"install {' '.join(missing)}" if missing else None

    def impossible(self, observed: str) -> str | None:
        _, _, said = observed.partition("|")
        if not said:
            return None
        these = " ".join(self.missing(observed))
        remedy = "correct its sources, until `apt-get update` there says nothing of the kind"
        return f"apt-get cannot install {these} ({said.strip()}); {remedy}"

    def missing(self, observed: str) -> list[str]:
        """Names of packages that are not installed: all where the answer says nothing of them."""
        if not observed.startswith("missing:"):
            return list(self.packages)
        return observed.removeprefix("missing:").partition("|")[0].split()

    def apply(self) -> str:
        debian = " ".join(quote(p) for p in self.packages)
        dnf = " ".join(quote(DNF_NAMES.get(p, p)) for p in self.packages)
        return f"""\
if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  get() {{ apt-get -q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -o Acquire::http::Timeout=20 "$@" >&2; }}
  get install --no-install-recommends {debian} || {{ get update && get install --no-install-recommends {debian}; }}
else dnf -q -y install --setopt=install_weak_deps=False {dnf} >&2; fi"""

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        """Packages that the host did not have, unless one that it has by now needs them."""
        packages = cls(tuple(name.split())).missing(prior)
        missing = " ".join(quote(p) for p in packages)
        renamed = " ".join(quote(DNF_NAMES.get(p, p)) for p in packages)
        if not missing:
            return ""
        return f"""\
if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  for p in {missing}; do
    dpkg-query -W "$p" >/dev/null 2>&1 || continue
    others=$(apt-get -s purge "$p" 2>/dev/null | awk '$1 == "Purg" && $2 != p {{ n++ }} END {{ print n + 0 }}' "p=$p")
    [ "$others" != 0 ] || apt-get -q -y -o DPkg::Lock::Timeout=120 purge "$p" >/dev/null
  done
else for p in {renamed}; do rpm -e "$p" 2>/dev/null || true; done; fi"""

    def check(self, host: Host) -> str | None:
        debian = " ".join(quote(p) for p in self.packages)
        dnf = " ".join(quote(DNF_NAMES.get(p, p)) for p in self.packages)
        found = host.run(f"if command -v dpkg >/dev/null; then dpkg -s {debian}; else rpm -q {dnf}; fi")
        lines = (found.stdout + found.stderr).splitlines()
        missing = [line for line in lines if "not installed" in line or "deinstall" in line]
        return missing[0].strip() if missing else None
