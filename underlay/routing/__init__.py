"""How pod subnets become reachable where no overlay carries them: sessions, router configuration, routes."""
