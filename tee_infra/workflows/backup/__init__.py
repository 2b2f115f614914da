"""Backups: `portable` ones as `segment_files`, `native` ones in DynamoDB, and `restore`.

Creating one writes only the backup; a restore writes into empty or new tables and deletes nothing. No locks."""
