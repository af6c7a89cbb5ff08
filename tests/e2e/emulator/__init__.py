"""An AWS endpoint to audit: moto in server mode, plus what moto lacks.

Ours are the whole of AWS Backup (`emulator.backup`), the reading side of RDS
backups (`emulator.rds`), what KMS tells of a key (`emulator.kms`), and a control door under `/_emulator/` through which
a test puts the past in place or makes a call fail. A module named after a service (`emulator.s3`, …) adds what moto
lacks of it. Everything else is moto's.

State is in memory, separate for every account and Region. The account is read
from the access key: `AKIA` + twelve digits + four characters belongs to the
account of these digits (see `harness.access_key`); keys that
AssumeRole hands out belong to the account of the role.

Left out: signatures are not checked, IAM policies are not evaluated (a caller can be
allowed some actions only, whatever they are on; `emulator.permissions`), and jobs
started through the API are finished when the answer is sent.
"""

import os

# Read by moto when its modules are loaded, so they come before any import of it.
os.environ.setdefault("MOTO_RDS_SNAPSHOT_LIMIT", "1000000")
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

from emulator import times  # noqa: E402

times.take_over_moto()
