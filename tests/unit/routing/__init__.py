"""How pod subnets become reachable."""
