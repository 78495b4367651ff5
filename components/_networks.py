"""Private IPv4 networks."""

from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from components.errors import InvalidArgs

_PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def private_network(
    field: str, value: IPv4Network | str, fix: str, *, largest: int = 8, smallest: int = 32
) -> IPv4Network:
    """A network within RFC 1918, between a ``/largest`` and a ``/smallest``; raises ``InvalidArgs``."""
    try:
        network = IPv4Network(value)
    except (AddressValueError, NetmaskValueError, ValueError, TypeError) as error:
        rule = "has bits set beyond its prefix" if "host bits" in str(error) else "must be an IPv4 network"
        raise InvalidArgs(field, value, rule, fix) from None
    if not any(network.subnet_of(block) for block in _PRIVATE):
        raise InvalidArgs(field, value, "must be private address space (RFC 1918)", fix)
    if not largest <= network.prefixlen <= smallest:
        raise InvalidArgs(field, value, f"must be a /{largest} to a /{smallest}", fix)
    return network
