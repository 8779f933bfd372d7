module underlay.internal/pause

go 1.26.0
