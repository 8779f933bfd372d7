"""Read by pyinfra before anything else: refuses an invalid inventory before any host is contacted."""

from pyinfra import config, state

from underlay.run.read_inventory import before_connecting

config.REQUIRE_PYINFRA_VERSION = ">=3.10,<4"
before_connecting(state)
