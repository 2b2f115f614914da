"""The one AWS provider of a stack."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi_aws as aws

from tee_infra.program.inputs import Inputs


def aws_provider(inputs: Inputs, default_tags: Mapping[str, str]) -> aws.Provider:
    """A provider for one region of one account only, with `default_tags` on every taggable resource."""
    return aws.Provider(
        "aws",
        region=inputs.settings.region,
        allowed_account_ids=[inputs.target.account_id],
        default_tags=aws.ProviderDefaultTagsArgs(tags=default_tags),
    )
