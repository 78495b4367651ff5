"""EKS's catalogues: what AWS accepts by name, as of late 2025."""

# minor version -> platform version; AWS adds one about every four months and drops them after 26.
VERSIONS = {
    "1.29": "eks.50",
    "1.30": "eks.46",
    "1.31": "eks.42",
    "1.32": "eks.33",
    "1.33": "eks.26",
    "1.34": "eks.11",
    "1.35": "eks.2",
}
DEFAULT_VERSION = "1.34"
RELEASE_DATE = "20251120"  # of the node images

# add-on -> its usual version
ADDONS = {
    "adot": "v0.131.0-eksbuild.1",
    "amazon-cloudwatch-observability": "v4.7.0-eksbuild.1",
    "aws-ebs-csi-driver": "v1.53.0-eksbuild.1",
    "aws-efs-csi-driver": "v2.1.15-eksbuild.1",
    "aws-fsx-csi-driver": "v1.7.0-eksbuild.1",
    "aws-guardduty-agent": "v1.12.1-eksbuild.2",
    "aws-mountpoint-s3-csi-driver": "v2.2.0-eksbuild.1",
    "aws-network-flow-monitoring-agent": "v1.1.1-eksbuild.1",
    "aws-privateca-connector": "v1.6.0-eksbuild.1",
    "aws-secrets-store-csi-driver-provider": "v2.1.1-eksbuild.1",
    "cert-manager": "v1.19.1-eksbuild.1",
    "coredns": "v1.12.4-eksbuild.1",
    "eks-node-monitoring-agent": "v1.4.2-eksbuild.1",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.1",
    "external-dns": "v0.19.0-eksbuild.2",
    "kube-proxy": "v1.34.1-eksbuild.2",
    "kube-state-metrics": "v2.17.0-eksbuild.1",
    "metrics-server": "v0.8.0-eksbuild.3",
    "prometheus-node-exporter": "v1.10.2-eksbuild.1",
    "snapshot-controller": "v8.3.0-eksbuild.1",
    "vpc-cni": "v1.20.4-eksbuild.2",
}

ACCESS_POLICIES = (
    "AmazonAIOpsAssistantPolicy",
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSAutoNodePolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
    "AmazonSagemakerHyperpodClusterPolicy",
    "AmazonSagemakerHyperpodControllerPolicy",
)

ACCESS_TYPES = (
    "EC2",
    "EC2_LINUX",
    "EC2_WINDOWS",
    "FARGATE_LINUX",
    "HYBRID_LINUX",
    "HYPERPOD_LINUX",
    "STANDARD",
)
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
