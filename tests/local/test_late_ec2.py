import subprocess
import sys

# In a process of its own: a process keeps its imports.
SCRIPT = """
import sys
import boto3
from moto import mock_aws
from tee_infra.local import late_ec2
late_ec2.apply()
with mock_aws():
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    ssm = boto3.client("ssm", "us-east-1", **keys)
    ssm.put_parameter(Name="/a", Value="b", Type="String")
    assert ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "b"
    assert "moto.ec2" not in sys.modules

    ec2 = boto3.client("ec2", "us-east-1", **keys)
    (made,) = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"]
    ec2.create_tags(Resources=[made["InstanceId"]], Tags=[{"Key": "a", "Value": "b"}])
    sent = ssm.send_command(DocumentName="x", Targets=[{"Key": "tag:a", "Values": ["b"]}])
    assert sent["Command"]["InstanceIds"] == [made["InstanceId"]]
"""


def test_ec2_is_imported_for_commands_to_instances_and_not_for_parameters() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
