"""What a control plane is made again from: etcd's data and the authorities, in one encrypted file."""
