"""All the rules, in the order in which the pack lists them."""

from pulumi_policy import Policy

from policies.backup import require_backup_vault_customer_managed_key
from policies.ebs import (
    require_ebs_customer_managed_key,
    require_ebs_encryption_by_default,
    require_ebs_encryption_by_default_in_stack,
)
from policies.ec2 import disallow_public_addresses, require_imdsv2, require_metadata_hop_limit
from policies.ecr import require_ecr_kms_encryption
from policies.efs import (
    require_efs_encryption,
    require_efs_tls_only,
    require_efs_tls_only_on_every_file_system,
)
from policies.eks import (
    disallow_node_ssh,
    disallow_nodes_in_public_subnets,
    require_eks_private_endpoint,
    require_eks_secrets_encryption,
)
from policies.elb import require_load_balancer_tls
from policies.fsx import require_lustre_customer_managed_key
from policies.iam import disallow_full_access
from policies.kms import disallow_wildcard_key_policy, require_kms_rotation
from policies.logs import require_log_group_kms_encryption, require_log_group_retention
from policies.s3 import (
    require_s3_kms_encryption,
    require_s3_kms_encryption_on_every_bucket,
    require_s3_public_access_block,
    require_s3_public_access_block_on_every_bucket,
    require_s3_tls_only,
    require_s3_tls_only_on_every_bucket,
)
from policies.sagemaker import require_inter_container_encryption
from policies.training import require_encrypted_node_traffic
from policies.vpc import (
    disallow_open_ingress,
    require_closed_default_security_group,
    require_closed_default_security_group_in_every_vpc,
    require_ec2_endpoint_in_every_vpc,
    require_flow_logs,
    require_flow_logs_in_every_vpc,
)

RULES: tuple[Policy, ...] = (
    require_ebs_customer_managed_key.policy,
    require_ebs_encryption_by_default.policy,
    require_ebs_encryption_by_default_in_stack.policy,
    require_efs_encryption.policy,
    require_lustre_customer_managed_key.policy,
    require_s3_kms_encryption.policy,
    require_s3_kms_encryption_on_every_bucket.policy,
    require_eks_secrets_encryption.policy,
    require_kms_rotation.policy,
    disallow_wildcard_key_policy.policy,
    require_ecr_kms_encryption.policy,
    require_backup_vault_customer_managed_key.policy,
    require_log_group_kms_encryption.policy,
    require_log_group_retention.policy,
    require_s3_tls_only.policy,
    require_s3_tls_only_on_every_bucket.policy,
    require_load_balancer_tls.policy,
    require_encrypted_node_traffic.policy,
    require_efs_tls_only.policy,
    require_efs_tls_only_on_every_file_system.policy,
    require_inter_container_encryption.policy,
    require_eks_private_endpoint.policy,
    disallow_public_addresses.policy,
    disallow_nodes_in_public_subnets.policy,
    disallow_open_ingress.policy,
    disallow_node_ssh.policy,
    require_closed_default_security_group.policy,
    require_closed_default_security_group_in_every_vpc.policy,
    require_s3_public_access_block.policy,
    require_s3_public_access_block_on_every_bucket.policy,
    require_flow_logs.policy,
    require_flow_logs_in_every_vpc.policy,
    require_ec2_endpoint_in_every_vpc.policy,
    require_imdsv2.policy,
    require_metadata_hop_limit.policy,
    disallow_full_access.policy,
)
