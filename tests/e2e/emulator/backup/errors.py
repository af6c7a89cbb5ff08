"""The errors AWS Backup's model lists, with their HTTP status."""

from __future__ import annotations


class BackupError(Exception):
    """A refusal with a code from the API model. `status` is 400 throughout."""

    status = 400

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def not_found(message: str) -> BackupError:
    """What was named does not exist (in this account and Region)."""
    return BackupError("ResourceNotFoundException", message)


def invalid_value(message: str) -> BackupError:
    """A value is out of range or does not fit the others."""
    return BackupError("InvalidParameterValueException", message)


def missing(name: str) -> BackupError:
    """A required member is absent."""
    return BackupError("MissingParameterValueException", f"Missing required parameter: {name}")


def invalid_request(message: str) -> BackupError:
    """Well formed, but not now: the vault is not empty, the lock is on …"""
    return BackupError("InvalidRequestException", message)


def already_exists(message: str) -> BackupError:
    """The name is taken."""
    return BackupError("AlreadyExistsException", message)
