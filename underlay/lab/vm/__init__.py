"""Virtual machines beside a lab's hosts, on its racks: for the kernel features that this machine's kernel lacks."""
