"""The deploy: hosts as the inventory says -> a cluster whose network is the one asked for, verified."""

from tasks.init_control_plane import close_joins, init_control_plane
from tasks.install_kubernetes import install_kubernetes
from tasks.install_network import install_network
from tasks.install_runtime import install_runtime
from tasks.join_nodes import join_nodes
from tasks.lay_cloud_routes import lay_cloud_routes
from tasks.lay_routes import lay_routes
from tasks.preflight import preflight
from tasks.prepare_hosts import prepare_hosts
from tasks.verify_cluster import verify_cluster

# Every host goes through every phase, whether or not it has anything to do there: pyinfra then keeps the order.
preflight()
prepare_hosts()
install_runtime()
install_kubernetes()
init_control_plane()
join_nodes()
close_joins()
install_network()
lay_routes()
lay_cloud_routes()
verify_cluster()
