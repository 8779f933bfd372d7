"""Whatever rules an operator has: of iptables only our chains go, and the rules that lead to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.local_host import Shell
from underlay.reset.footprint import chain_expression
from underlay.reset.host_script import RULES

PATTERNS = ("KUBE-", "CNI-", "cali-", "CILIUM_", "OLD_CILIUM_", "WEAVE", "WEAVE-", "FLANNEL-POSTRTG")
OURS = ("KUBE-FIREWALL", "KUBE-SVC-TCOU7JCQXEZGVUNU", "CNI-HOSTPORT-DNAT", "cali-FORWARD", "CILIUM_INPUT", "WEAVE")
BUILT_IN = ("INPUT", "FORWARD", "OUTPUT")
# Names that only look like ours; what iptables-save quotes can have anything in it.
LOOKALIKES = ("KUBE", "KUBECTL-IN", "CILIUMISH", "calico-office", "WEAVERS", "FLANNEL-POSTRTG-2", "site", "MY-KUBE-X")
WORDS = [*" aZ9-_'\\\"$;|#", *(f" -j {name} " for name in OURS)]
TEXT = st.lists(st.sampled_from(WORDS), max_size=8).map("".join)
MATCHES = ("", "-s 192.0.2.0/24", "-i eth0 -p tcp -m tcp --dport 22", "-m conntrack --ctstate RELATED,ESTABLISHED")


def quoted(text: str) -> str:
    """As xtables_save_string of libxtables writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'")
    return f'"{escaped}"'


@dataclass
class Table:
    """Rules in their order, each with the chain it stands in and the chain or target that it leads to."""

    chains: list[str]
    rules: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def saved(self) -> str:
        declared = [f":{c} {'ACCEPT' if c in BUILT_IN else '-'} [0:0]" for c in self.chains]
        return "\n".join(["*filter", *declared, *(text for _, _, text in self.rules), "COMMIT", ""])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    own = draw(st.lists(st.sampled_from(OURS), unique=True, min_size=1))
    others = draw(st.lists(st.sampled_from(LOOKALIKES), unique=True))
    table = Table([*BUILT_IN, *own, *others])
    for _ in range(draw(st.integers(0, 8))):
        chain = draw(st.sampled_from(table.chains))
        parts = [f"-A {chain}", draw(st.sampled_from(MATCHES))]
        if comment := draw(TEXT):
            parts.append(f"-m comment --comment {quoted(comment)}")
        to = draw(st.sampled_from(["ACCEPT", "LOG", *own, *others]))
        parts.append(f"{draw(st.sampled_from(['-j', '-g'])) if to in (*own, *others) else '-j'} {to}")
        if to == "LOG":
            parts.append(f"--log-prefix {quoted(draw(TEXT) or 'x')} --log-level 6")
        table.rules.append((chain, to, " ".join(p for p in parts if p)))
    return table


@given(table=tables())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_only_our_chains_go_and_what_leads_to_them(shell: Shell, table: Table) -> None:
    saved = shell.bin / "saved"
    saved.write_text(table.saved)
    shell.program_is("iptables-save", f"cat {saved}")
    ran = shell.run(f"{RULES}\nu_rules iptables '{chain_expression(PATTERNS)}'")
    own = [c for c in table.chains if c in OURS]
    leading = [text for chain, to, text in table.rules if chain not in OURS and to in OURS]
    assert ran.stdout.splitlines() == [
        "*filter",
        *(f"-D{text.removeprefix('-A')}" for text in leading),
        *(f"-F {chain}" for chain in own),
        *(f"-X {chain}" for chain in own),
        "COMMIT",
    ]
