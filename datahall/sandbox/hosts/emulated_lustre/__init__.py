"""The commands of an emulated Lustre client, as a host has them: EMULATED, each says so."""
