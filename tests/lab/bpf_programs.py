"""BPF programs on a host, made by hand: loaded, pinned, attached. Run there, with a command and its arguments."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys

# From include/uapi/linux/bpf.h.
PROG_LOAD, OBJ_PIN, PROG_GET_NEXT_ID, PROG_GET_FD_BY_ID, OBJ_GET_INFO_BY_FD, LINK_CREATE = 5, 6, 11, 13, 15, 28
TYPES = {"tc": (3, 0, -1), "tcx": (3, 0, -1), "xdp": (6, 0, 2), "cgroup": (18, 10, 1)}
TCX_INGRESS, CGROUP_INET4_CONNECT = 46, 10
CALLS = {"x86_64": 321, "aarch64": 280}
LIBC = ctypes.CDLL(None, use_errno=True)


def bpf(command: int, attributes: bytes) -> tuple[int, bytes]:
    """The call's result, and its attributes afterwards."""
    buffer = ctypes.create_string_buffer(attributes.ljust(152, b"\0"), 152)
    result = LIBC.syscall(CALLS[os.uname().machine], command, buffer, 152)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result, buffer.raw


def load(kind: str, name: str) -> int:
    """A program that lets everything pass; its descriptor."""
    number, attach, verdict = TYPES[kind]
    instructions = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xB7, 0, 0, verdict, 0x95, 0, 0, 0))
    text = ctypes.create_string_buffer(b"GPL")
    where = struct.pack("<IIQQIIQII", number, 2, ctypes.addressof(instructions), ctypes.addressof(text), *(0,) * 5)
    return bpf(PROG_LOAD, where + name.encode()[:15].ljust(16, b"\0") + struct.pack("<II", 0, attach))[0]


def pin(descriptor: int, path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    at = ctypes.create_string_buffer(path.encode())
    bpf(OBJ_PIN, struct.pack("<QI", ctypes.addressof(at), descriptor))


def link(program: int, target: int, attach: int) -> int:
    return bpf(LINK_CREATE, struct.pack("<IIII", program, target, attach, 0))[0]


def names() -> list[str]:
    """Of all programs that the kernel has."""
    found: list[str] = []
    last = 0
    while True:
        try:
            last = struct.unpack_from("<I", bpf(PROG_GET_NEXT_ID, struct.pack("<I", last))[1], 4)[0]
            descriptor = bpf(PROG_GET_FD_BY_ID, struct.pack("<I", last))[0]
        except FileNotFoundError:
            return found
        info = ctypes.create_string_buffer(256)
        bpf(OBJ_GET_INFO_BY_FD, struct.pack("<IIQ", descriptor, 256, ctypes.addressof(info)))
        os.close(descriptor)
        # struct bpf_prog_info: the name is at byte 64.
        found.append(info.raw[64:80].rstrip(b"\0").decode())


def main(command: str, *arguments: str) -> None:
    """`list`, or KIND NAME PIN [TARGET]: tc and xdp pin the program, tcx and cgroup what attaches it to a target."""
    if command == "list":
        print("\n".join(names()))
        return
    name, path, *target = arguments
    descriptor = load(command, name)
    if command == "tcx":
        descriptor = link(descriptor, socket.if_nametoindex(target[0]), TCX_INGRESS)
    elif command == "cgroup":
        descriptor = link(descriptor, os.open(target[0], os.O_RDONLY), CGROUP_INET4_CONNECT)
    pin(descriptor, path)


if __name__ == "__main__":
    main(*sys.argv[1:])
