"""Opens the cloud provider that an inventory names."""

from __future__ import annotations

from .change import Cloud, CloudError
from .settings import CloudSettings


def open_cloud(settings: CloudSettings) -> Cloud:
    """Return the provider, without connecting to it.

    :raises CloudError: when its library is not installed.
    """
    try:
        if settings.provider == "aws":
            from .aws import Aws  # noqa: PLC0415

            return Aws(settings)
        from .gce import Gce  # noqa: PLC0415

        return Gce(settings)
    except ImportError as error:
        raise CloudError(
            [f"cloud: {settings.provider} needs the Python package {error.name}; pip install 'underlay[clouds]'"]
        ) from error
