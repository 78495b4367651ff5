"""The test kit beside Pulumi's mocks."""
