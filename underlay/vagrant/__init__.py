"""Virtual machines that Vagrant makes: the list that Vagrantfile and inventory share, and the way to them."""
