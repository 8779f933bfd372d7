"""The cluster, as far as every inventory of this project shares it; an inventory's own values win."""

kubernetes_version = "v1.37.2"
pod_subnet = "10.244.0.0/16"
service_subnet = "10.96.0.0/16"
