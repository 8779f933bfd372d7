"""Sysctls that the kernel does not separate by namespace, so that each host gets its own copy."""

SHADOWED = (
    *(
        f"vm/{name}"
        for name in (
            "overcommit_memory",
            "panic_on_oom",
            "max_map_count",
            "swappiness",
            "dirty_ratio",
            "dirty_background_ratio",
            "min_free_kbytes",
            "vfs_cache_pressure",
        )
    ),
    *(
        f"kernel/{name}"
        for name in (
            "panic",
            "panic_on_oops",
            "pid_max",
            "threads-max",
            "sysrq",
            "dmesg_restrict",
            "kptr_restrict",
            "printk",
            "core_pattern",
            "randomize_va_space",
            "unprivileged_bpf_disabled",
            "keys/root_maxkeys",
            "keys/root_maxbytes",
        )
    ),
    *(
        f"fs/{name}"
        for name in (
            "file-max",
            "nr_open",
            "aio-max-nr",
            "protected_hardlinks",
            "protected_symlinks",
            "protected_regular",
            "protected_fifos",
            "suid_dumpable",
            "inotify/max_user_instances",
            "inotify/max_user_watches",
            "inotify/max_queued_events",
        )
    ),
    # readable in a network namespace, but not writable
    *(
        f"net/core/{name}"
        for name in ("rmem_max", "wmem_max", "rmem_default", "wmem_default", "netdev_max_backlog", "bpf_jit_enable")
    ),
    "net/netfilter/nf_conntrack_max",
)
