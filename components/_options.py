"""Resource options that children of components get beside their parent."""

from __future__ import annotations

import pulumi


def after(opts: pulumi.ResourceOptions, *resources: pulumi.Resource) -> pulumi.ResourceOptions:
    """``opts``, and made only once ``resources`` are there."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(resources)))


def protected(opts: pulumi.ResourceOptions, protect: bool) -> pulumi.ResourceOptions:
    """``opts``, and (where ``protect``) refused to be deleted or replaced until it is unprotected."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect or None))
