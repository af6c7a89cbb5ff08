"""Composite alarms: moto keeps and lists them, and cannot make one. Importing this module teaches it."""

from __future__ import annotations

from moto.cloudwatch.responses import CloudWatchResponse

# What makes alarms on metrics takes the rule of a composite one as well.
CloudWatchResponse.put_composite_alarm = CloudWatchResponse.put_metric_alarm
