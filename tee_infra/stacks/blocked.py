"""The program as if nothing were protected: for a preview that shows the whole plan of a refused change."""

import pulumi
from pulumi.runtime import register_stack_transformation

from tee_infra.stacks.backend import Program


def unprotected(program: Program) -> Program:
    """`program` for a preview only.

    The engine ends a preview at the first protected resource, or at a dependent that would be deleted first. Deletions
    before replacements are left out for that reason; the plan has the same changes without them.
    """

    def run() -> None:
        register_stack_transformation(_lift)
        program()

    return run


def _lift(resource: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    lifted = pulumi.ResourceOptions(protect=False, delete_before_replace=False)
    return pulumi.ResourceTransformationResult(resource.props, pulumi.ResourceOptions.merge(resource.opts, lifted))
