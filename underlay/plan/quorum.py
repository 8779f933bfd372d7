"""Whether etcd goes on deciding while members leave it: the arithmetic, before any of them does."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from .etcd_members import EtcdMember


def majority(members: int) -> int:
    """How many have to answer."""
    return members // 2 + 1


def in_order(members: Sequence[EtcdMember], names: Collection[str]) -> list[EtcdMember]:
    """The members of these names, those first that do not answer: without them the others need fewer."""
    return sorted((m for m in members if m.name in names), key=lambda m: m.answers)


def quorum_problems(members: Sequence[EtcdMember], names: Collection[str]) -> Iterator[str]:
    """Why members of these names cannot leave."""
    total, answering = len(members), sum(m.answers for m in members)
    if answering < majority(total):
        yield (
            f"etcd has {_members(total)}, of which {answering} {_answer(answering)}, and decides nothing with fewer "
            f"than {majority(total)}: bring one back, or begin again from a backup: underlay restore"
        )
        return
    for member in in_order(members, names):
        total, answering = total - 1, answering - member.answers
        if not total:
            yield f"{member.name}: etcd would have no member left"
        elif answering < majority(total):
            yield (
                f"{member.name}: etcd would have {_members(total)}, of which {answering} {_answer(answering)}, and "
                f"decides nothing with fewer than {majority(total)}; bring back those that do not answer first"
            )
            return


def quorum_note(members: Sequence[EtcdMember], names: Collection[str]) -> str:
    """What an operator has to know of an etcd that goes on; empty where it is as safe as any."""
    total = len(members) - len(in_order(members, names))
    if total % 2 or total == len(members):
        return ""
    return (
        f"etcd goes on with {total} members, and stops when {total - majority(total) + 1} of them fails; one more, or "
        "one fewer, is safer"
    )


def _members(count: int) -> str:
    return "1 member" if count == 1 else f"{count} members"


def _answer(count: int) -> str:
    return "answers" if count == 1 else "answer"
