"""The headers a mode puts before a pod's packet: the data of pictures, tables and the MTU."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Header:
    """`size` in bytes; `note` distinguishes the header from others of its kind, e.g. "port 8472"."""

    name: str
    size: int
    note: str = ""


def ip(version: int = 4, *, note: str = "") -> Header:
    return Header(f"IPv{version}", 20 if version == 4 else 40, note or "node to node")


def udp(port: int) -> Header:
    return Header("UDP", 8, f"port {port}")


ETHERNET = Header("Ethernet", 14, "inner")
