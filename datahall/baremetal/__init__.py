"""The provider plugin `baremetal`: converges hosts by Ansible, as a Pulumi resource.

`pulumi-resource-baremetal` in `bin/` is an ordinary plugin: both engines start it. It knows nothing of the
components and of the roles; what it expects of a folder of playbooks is in `playbooks.py`.
"""
