# Vagrant's own evaluation of a directory's Vagrantfile, as JSON: ruby evaluated.rb DIRECTORY PROVIDER
require "vagrant"
require "json"

environment = Vagrant::Environment.new(cwd: ARGV[0], ui_class: Vagrant::UI::Silent)
provider = ARGV[1].to_sym
machines = environment.machine_names.map do |name|
  evaluated = environment.vagrantfile.machine_config(name, provider, nil, nil, false)
  config = evaluated[:config]
  of_provider = config.vm.get_provider_config(provider)
  {
    name: name,
    hostname: config.vm.hostname,
    box: config.vm.box,
    provider: ENV["VAGRANT_DEFAULT_PROVIDER"],
    networks: config.vm.networks.select { |type, _| type == :private_network }.map { |_, options| options },
    memory: of_provider.memory,
    cpus: of_provider.cpus,
    driver: of_provider.respond_to?(:driver) ? of_provider.driver : nil,
    scripts: config.vm.provisioners.map { |provisioner| provisioner.config.inline },
    errors: evaluated[:config_errors],
  }
end
puts JSON.generate(machines)
