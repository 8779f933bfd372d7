"""Files of Underlay's that are declared no longer: of a setting that was taken out of the inventory."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from .resource import Host, Resource

MARK = "# Written by Underlay"
"""What begins a file of which others may lie beside it."""


@dataclass(frozen=True)
class Strays(Resource):
    """Of the files `directory`/*/`file` that have the mark of Underlay's, only those in `kept` stay."""

    directory: str
    file: str
    kept: tuple[str, ...] = ()

    kind = "stray files"
    prelude = f"""\
u_strays() {{
  m=; ours=
  [ ! -d "$1" ] || ours=$(find "$1" -mindepth 2 -maxdepth 2 -name "$2" -type f -exec grep -lF "{MARK}" {{}} + || :)
  for f in $ours; do case " $* " in *" $f "*) ;; *) m="$m $f" ;; esac; done
  echo "strays:$m"
}}"""

    @property
    def name(self) -> str:
        return f"{self.directory}/*/{self.file}"

    def observe(self) -> str:
        return f"u_strays {quote(self.directory)} {quote(self.file)} {' '.join(map(quote, self.kept))}"

    def difference(self, observed: str) -> str | None:
        found = observed.removeprefix("strays:").split()
        return f"remove {' '.join(found)}" if found else None

    def apply(self) -> str:
        return f'strays=$({self.observe()}); for f in ${{strays#strays:}}; do rm -f -- "$f"; done'

    def check(self, host: Host) -> str | None:
        listed = host.run(f"grep -lsF '{MARK}' {self.directory}/*/{self.file}").stdout.split()
        found = sorted(set(listed) - set(self.kept))
        return f"{found[0]}: is of a setting that the inventory has no longer" if found else None
