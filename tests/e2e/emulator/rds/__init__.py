"""RDS as an auditor of backups needs it, on top of moto's.

moto keeps the databases; ours are the reading operations about them, the sharing
of snapshots, the replication of automated backups, and corrections of what moto
misreports.
Importing this package patches moto's RDS classes; nothing has to be called.
"""

from emulator.rds import automated_backups, encryption, engines, replication, resources, sharing, snapshots

__all__ = ["automated_backups", "encryption", "engines", "replication", "resources", "sharing", "snapshots"]
