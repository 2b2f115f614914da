"""The app's side of a switch: boto3 and the standard library, nothing of the rest of this package.

`lease` has the rules."""
