"""The way back: the inventory's hosts -> what they were before their first deploy. The same as `underlay reset`."""

from tasks.reset_hosts import reset_hosts

reset_hosts()
