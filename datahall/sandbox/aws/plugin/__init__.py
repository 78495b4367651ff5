"""The `aws` provider plugin of the sandbox: ordinary Pulumi protocol on one side, boto3 on the other."""
