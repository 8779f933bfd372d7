"""Virtual machines on a lab's racks, for kernel features that this machine's kernel lacks."""
