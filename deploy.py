"""The deploy: the inventory's hosts -> a verified cluster whose network is the one requested."""

from tasks.init_control_plane import close_joins, init_control_plane
from tasks.install_cloud_routes import install_cloud_routes
from tasks.install_kubernetes import install_kubernetes
from tasks.install_network import install_network
from tasks.install_routes import install_routes
from tasks.install_runtime import install_runtime
from tasks.join_nodes import join_nodes
from tasks.preflight import preflight
from tasks.prepare_hosts import prepare_hosts
from tasks.roll_out import roll_out_changes
from tasks.verify_cluster import verify_cluster

# Every host runs every phase, with or without work in it: that way pyinfra keeps the order of the phases.
preflight()
prepare_hosts()
install_runtime()
install_kubernetes()
roll_out_changes()
init_control_plane()
join_nodes()
close_joins()
install_network()
install_routes()
install_cloud_routes()
verify_cluster()
