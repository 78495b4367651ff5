"""Ansible, imported once for all tests of this folder, and without what it does to the interpreter."""

import importlib
import sys


def _import_ansible() -> None:
    """Ansible puts an object in the place of `sys.intern`, at which torch's compiler would stumble."""
    intern = sys.intern
    try:
        importlib.import_module("ansible.errors")
    finally:
        sys.intern = intern


_import_ansible()
