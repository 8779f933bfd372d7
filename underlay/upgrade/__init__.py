"""Another Kubernetes version on a running cluster: what may follow what, and the shell around kubeadm's upgrade."""
