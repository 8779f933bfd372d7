"""The commands of `underlay`, each imported once it is run: importing all of them takes half a second."""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = {
    "backup": "backup_command",
    "bgp": "bgp_command",
    "bundle": "bundle_command",
    "certificates": "certificates_command",
    "change": "change_command",
    "choose": "choose_command",
    "deploy": "deploy_command",
    "init": "init_command",
    "kubeconfig": "kubeconfig_command",
    "kubectl": "kubectl_command",
    "lab": "lab_group",
    "lock": "lock_command",
    "networks": "networks_command",
    "plan": "plan_command",
    "preflight": "preflight_command",
    "remove": "remove_command",
    "render": "render_command",
    "report": "report_group",
    "reset": "reset_command",
    "restore": "restore_command",
    "upgrade": "upgrade_command",
    "verify": "verify_command",
}


class Commands(click.Group):
    """A command is the attribute of the module that has its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(f"underlay.cli.{cmd_name}"), _COMMANDS[cmd_name])
        assert isinstance(command, click.Command)
        return command
