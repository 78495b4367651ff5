"""An emulated baseboard controller: Redfish over TLS on loopback, emulated hosts behind it or nothing."""
