#!/usr/bin/env bash
# install_vagrant.sh: Vagrant with its libvirt provider and QEMU, of Debian or Ubuntu (0.6 GB); starts no service.
set -euo pipefail
packages=(vagrant vagrant-libvirt libvirt-daemon-system libvirt-clients libvirt-daemon-driver-qemu
  qemu-system-x86 qemu-utils dnsmasq-base)
[ "$(id -u)" = 0 ] || { echo "underlay: run this as root: it installs ${packages[*]}" >&2; exit 1; }
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "${packages[@]}" >/dev/null
vagrant --version
