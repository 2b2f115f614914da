"""SNS: topics, their policies and subscriptions (`internal/service/sns/topic.go`, ...)."""

import json
from typing import Any

from botocore.exceptions import ClientError

from tee_infra.local.provider import tags
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import (
    BOOLEAN,
    JSON,
    NUMBER,
    POLICY,
    REGION,
    STRING,
    TAGS,
    Actions,
    Naming,
    Property,
    ResourceType,
    Update,
    Values,
    computed,
    refused,
    replaces,
    updates,
)

FEEDBACK = {
    f"{channel}{what}": refused("nothing is delivered, so there is no feedback")
    for channel in ("application", "firehose", "http", "lambda", "sqs")
    for what in ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate")
}
TOPIC_ATTRIBUTES = {
    "displayName": "DisplayName",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "fifoTopic": "FifoTopic",
}
SUBSCRIPTION_ATTRIBUTES = {
    "deliveryPolicy": "DeliveryPolicy",
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "rawMessageDelivery": "RawMessageDelivery",
    "redrivePolicy": "RedrivePolicy",
    "subscriptionRoleArn": "SubscriptionRoleArn",
}


def _create_topic(aws: Aws, inputs: Values) -> str:
    attributes = _attributes(TOPIC_ATTRIBUTES, inputs)
    made = aws.sns.create_topic(Name=inputs["name"], Attributes=attributes, Tags=tags.pairs(inputs.get("tags")))
    return made["TopicArn"]


def _topic(aws: Aws, arn: str) -> dict[str, str] | None:
    try:
        return aws.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    except ClientError as error:
        return _absent(error)


def _read_topic(aws: Aws, made: str, state: Values) -> Values | None:
    found = _topic(aws, made)
    if found is None:
        return None
    live = _properties(TOPIC_ATTRIBUTES, found, TOPIC.properties)
    if "policy" not in state:  # otherwise a topic would differ as soon as it gets a TopicPolicy
        live.pop("policy", None)
    return live | {
        "name": made.rpartition(":")[2],
        "arn": made,
        "owner": found.get("Owner"),
        **tags.both(aws.sns.list_tags_for_resource(ResourceArn=made)["Tags"]),
    }


def _update_topic(aws: Aws, made: str, update: Update) -> None:
    for ours, theirs in TOPIC_ATTRIBUTES.items():
        if ours in update.changed:
            aws.sns.set_topic_attributes(
                TopicArn=made, AttributeName=theirs, AttributeValue=_text(update.new.get(ours))
            )
    if "tags" in update.changed:
        changed, removed = tags.changes(update)
        aws.sns.untag_resource(ResourceArn=made, TagKeys=removed)
        aws.sns.tag_resource(ResourceArn=made, Tags=tags.pairs(changed))


def _delete_topic(aws: Aws, made: str, _state: Values) -> None:
    aws.sns.delete_topic(TopicArn=made)


TOPIC = ResourceType(
    type="aws:sns/topic:Topic",
    title="SNS Topic",
    properties={
        "name": replaces(STRING, named=Naming(longest=256)),
        "namePrefix": refused("write the whole name instead of a prefix"),
        "fifoTopic": replaces(BOOLEAN),
        "displayName": updates(STRING),
        "policy": updates(POLICY, keeps=True),
        "deliveryPolicy": updates(JSON, unread=True),
        "kmsMasterKeyId": updates(STRING),
        "signatureVersion": updates(NUMBER, keeps=True, unread=True),
        "tracingConfig": updates(STRING, keeps=True, one_of=("Active", "PassThrough"), unread=True),
        "contentBasedDeduplication": updates(BOOLEAN),
        "archivePolicy": refused("messages are not archived"),
        "fifoThroughputScope": refused("nothing is throttled"),
        "maximumMessageSize": refused("moto does not keep it"),
        **FEEDBACK,
        "arn": computed(STRING),
        "owner": computed(STRING),
        **TAGS,
        **REGION,
    },
    actions=Actions(create=_create_topic, read=_read_topic, update=_update_topic, delete=_delete_topic),
)


def _put_policy(aws: Aws, inputs: Values) -> str:
    aws.sns.set_topic_attributes(TopicArn=inputs["arn"], AttributeName="Policy", AttributeValue=inputs["policy"])
    return inputs["arn"]


def _read_policy(aws: Aws, made: str, _state: Values) -> Values | None:
    found = _topic(aws, made)
    return found and {"arn": made, "policy": found.get("Policy"), "owner": found.get("Owner")}


def _delete_policy(aws: Aws, made: str, _state: Values) -> None:
    """A topic always has a policy: its initial one is restored."""
    own = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{aws.account_id}:root"},
                "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:Publish", "SNS:Subscribe"],
                "Resource": made,
            }
        ],
    }
    aws.sns.set_topic_attributes(TopicArn=made, AttributeName="Policy", AttributeValue=json.dumps(own))


TOPIC_POLICY = ResourceType(
    type="aws:sns/topicPolicy:TopicPolicy",
    title="SNS Topic Policy",
    properties={
        "arn": replaces(STRING, required=True),
        "policy": updates(POLICY, required=True),
        "owner": computed(STRING),
        **REGION,
    },
    actions=Actions(
        create=_put_policy,
        read=_read_policy,
        update=lambda aws, _made, update: _put_policy(aws, update.new),
        delete=_delete_policy,
    ),
)


def _subscribe(aws: Aws, inputs: Values) -> str:
    attributes = _attributes(SUBSCRIPTION_ATTRIBUTES, inputs)
    made = aws.sns.subscribe(
        TopicArn=inputs["topic"],
        Protocol=inputs["protocol"],
        Endpoint=inputs["endpoint"],
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return made["SubscriptionArn"]


def _read_subscription(aws: Aws, made: str, _state: Values) -> Values | None:
    try:
        found: Any = aws.sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    except ClientError as error:
        return _absent(error)
    return _properties(SUBSCRIPTION_ATTRIBUTES, found, SUBSCRIPTION.properties) | {
        "topic": found["TopicArn"],
        "protocol": found["Protocol"],
        "endpoint": found["Endpoint"],
        "arn": made,
        "ownerId": found.get("Owner"),
        "pendingConfirmation": found.get("PendingConfirmation") == "true",
        "confirmationWasAuthenticated": found.get("ConfirmationWasAuthenticated") == "true",
    }


def _update_subscription(aws: Aws, made: str, update: Update) -> None:
    for ours, theirs in SUBSCRIPTION_ATTRIBUTES.items():
        if ours in update.changed:
            value = _text(update.new.get(ours))
            aws.sns.set_subscription_attributes(SubscriptionArn=made, AttributeName=theirs, AttributeValue=value)


def _unsubscribe(aws: Aws, made: str, _state: Values) -> None:
    aws.sns.unsubscribe(SubscriptionArn=made)


PROTOCOLS = ("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")
SUBSCRIPTION = ResourceType(
    type="aws:sns/topicSubscription:TopicSubscription",
    title="SNS Topic Subscription",
    properties={
        "topic": replaces(STRING, required=True),
        "protocol": replaces(STRING, required=True, one_of=PROTOCOLS),
        "endpoint": replaces(STRING, required=True),
        "deliveryPolicy": updates(JSON),
        "filterPolicy": updates(JSON),
        "filterPolicyScope": updates(STRING, keeps=True, one_of=("MessageAttributes", "MessageBody")),
        "rawMessageDelivery": updates(BOOLEAN, default=False),
        "redrivePolicy": updates(JSON),
        "replayPolicy": refused("messages are not archived"),
        "subscriptionRoleArn": updates(STRING),
        "confirmationTimeoutInMinutes": updates(NUMBER, default=1, unread=True),
        "endpointAutoConfirms": updates(BOOLEAN, default=False, unread=True),
        "arn": computed(STRING),
        "ownerId": computed(STRING),
        "pendingConfirmation": computed(BOOLEAN),
        "confirmationWasAuthenticated": computed(BOOLEAN),
        **REGION,
    },
    actions=Actions(create=_subscribe, read=_read_subscription, update=_update_subscription, delete=_unsubscribe),
)

TYPES = (TOPIC, TOPIC_POLICY, SUBSCRIPTION)


def _absent(error: ClientError) -> None:
    if error.response.get("Error", {}).get("Code") not in {"NotFound", "NotFoundException"}:
        raise error


def _attributes(names: dict[str, str], inputs: Values) -> dict[str, str]:
    return {theirs: _text(inputs[ours]) for ours, theirs in names.items() if inputs.get(ours)}


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _properties(names: dict[str, str], found: Any, properties: Any) -> Values:
    """Return SNS's attributes, which are all text, as properties."""
    rules: dict[str, Property] = properties
    read: Values = {}
    for ours, theirs in names.items():
        text = found.get(theirs)
        if text:
            read[ours] = text == "true" if rules[ours].shape is BOOLEAN else text
    return read
