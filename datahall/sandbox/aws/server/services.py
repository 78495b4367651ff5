"""The services of the sandbox, by the name that requests are signed for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """`moto`: its package in moto; `protocol`: of its errors."""

    moto: str
    protocol: str


SERVICES = {
    "backup": Service("backup", "json"),
    "ec2": Service("ec2", "ec2"),
    "ecr": Service("ecr", "json"),
    "eks": Service("eks", "json"),
    "elasticfilesystem": Service("efs", "json"),
    "elasticloadbalancing": Service("elbv2", "query"),
    "fsx": Service("fsx", "json"),
    "iam": Service("iam", "query"),
    "kms": Service("kms", "json"),
    "logs": Service("logs", "json"),
    "s3": Service("s3", "rest-xml"),
    "ssm": Service("ssm", "json"),
    "sts": Service("sts", "query"),
}
