//! What CloudTrail saw: changes that people, scripts and AWS Backup made, and attempts that AWS refused.
//!
//! The dataset tells of them by name of the event. What AWS Backup deletes by lifecycle it tells itself, as well as it can: now and then it says nothing.
//! The deletions of snapshots behind that are here only where they are of volumes: each day has dozens of databases, and all of them look the same.

use std::collections::BTreeMap;

use backup_audit::collect::cloudtrail_events::CloudtrailEventRow;
use backup_audit::dataset::rows::millis;
use serde_json::{Value, json as value};

use crate::plans::{ACCOUNT, EU, KEEPER, US};
use crate::random::Random;
use crate::rows::{json, text};
use crate::world::{Place, World};

mod by_people;
mod deletions;

/// Days of a quarter before the end when somebody stopped the recorder of the smaller Region.
pub(crate) const RECORDER_STOPPED_AGO: i64 = 45;

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    /// An engineer of the platform team.
    Dana,
    /// A contractor with a key of his own.
    Lee,
    /// A script that saves money.
    Cleaner,
    /// AWS Backup, by a lifecycle.
    Backup,
    /// AWS Backup, telling what it did.
    Service,
}

impl Actor {
    fn arn(self, account: &str) -> String {
        match self {
            Self::Dana => format!("arn:aws:sts::{account}:assumed-role/AWSReservedSSO_PlatformAdmin_1f2e3d4c5b6a7089/dana"),
            Self::Lee => format!("arn:aws:iam::{ACCOUNT}:user/lee"),
            Self::Cleaner => format!("arn:aws:sts::{account}:assumed-role/telemetry-cleanup/nightly"),
            Self::Backup => {
                format!("arn:aws:sts::{account}:assumed-role/AWSBackupDefaultServiceRole/AWSBackup-AWSBackupDefaultServiceRole")
            }
            Self::Service => String::new(),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Lee => "IAMUser",
            Self::Service => "AWSService",
            Self::Dana | Self::Cleaner | Self::Backup => "AssumedRole",
        }
    }

    fn address(self) -> &'static str {
        match self {
            Self::Dana => "203.0.113.24",
            Self::Lee => "198.51.100.7",
            Self::Cleaner => "203.0.113.80",
            Self::Backup | Self::Service => "backup.amazonaws.com",
        }
    }

    fn agent(self) -> &'static str {
        match self {
            Self::Dana => "AWS Internal",
            Self::Lee => "aws-cli/2.27.1",
            Self::Cleaner => "Boto3/1.40.2",
            Self::Backup | Self::Service => "backup.amazonaws.com",
        }
    }
}

/// An event.
struct Event {
    account: &'static str,
    region: &'static str,
    at_s: i64,
    /// Service without its domain.
    service: &'static str,
    name: &'static str,
    actor: Actor,
    /// Type and name of the resource that CloudTrail names.
    resource: Option<(&'static str, String)>,
    /// What was asked for, or what a service tells of its own event.
    parameters: Value,
    /// Why AWS refused.
    refused: Option<&'static str>,
}

impl Event {
    /// What an actor did in the account, in the larger Region.
    fn new(at_s: i64, actor: Actor, service: &'static str, name: &'static str, parameters: Value) -> Self {
        Self { account: ACCOUNT, region: US, at_s, service, name, actor, resource: None, parameters, refused: None }
    }

    fn of(self, kind: &'static str, name: impl Into<String>) -> Self {
        Self { resource: Some((kind, name.into())), ..self }
    }

    fn in_region(self, region: &'static str) -> Self {
        Self { region, ..self }
    }

    fn refused_with(self, code: &'static str) -> Self {
        Self { refused: Some(code), ..self }
    }

    fn row(&self) -> CloudtrailEventRow {
        let who = self.actor.arn(self.account);
        let issuer = who.split_once("assumed-role/").and_then(|(_, rest)| rest.split('/').next());
        let resources: Vec<Value> =
            self.resource.iter().map(|(kind, name)| value!({ "ResourceType": kind, "ResourceName": name })).collect();
        let (by_service, told) = (self.actor == Actor::Service, Some(json(self.parameters.clone())));
        let seed = format!("event/{}/{}/{}/{}/{}", self.account, self.region, self.name, self.at_s, self.parameters);
        CloudtrailEventRow {
            event_id: Some(Random::new(0, &seed).uuid()),
            event_name: text(self.name),
            event_source: Some(format!("{}.amazonaws.com", self.service)),
            event_time: Some(millis(self.at_s)),
            event_type: text(if by_service { "AwsServiceEvent" } else { "AwsApiCall" }),
            error_code: self.refused.map(str::to_owned),
            error_message: self.refused.map(|_| format!("User: {who} is not authorized to perform: {}:{}", self.service, self.name)),
            session_issuer_arn: issuer.map(|role| format!("arn:aws:iam::{}:role/{role}", self.account)),
            actor_arn: (!by_service).then_some(who),
            actor_type: text(self.actor.kind()),
            invoked_by: matches!(self.actor, Actor::Backup | Actor::Service).then(|| "backup.amazonaws.com".to_owned()),
            source_ip_address: text(self.actor.address()),
            user_agent: text(self.actor.agent()),
            read_only: Some(false),
            management_event: Some(true),
            resources: Some(json(resources.into())),
            request_parameters: told.clone().filter(|_| !by_service),
            service_event_details: told.filter(|_| by_service),
            aws_region: text(self.region),
            recipient_account_id: text(self.account),
            ..CloudtrailEventRow::default()
        }
    }
}

/// Everything that CloudTrail saw, by account, Region and name.
#[derive(Default)]
pub(crate) struct Log(BTreeMap<(&'static str, &'static str, &'static str), Vec<Event>>);

impl Log {
    /// The log of an estate.
    pub(crate) fn of(world: &World) -> Self {
        let mut log = Self::default();
        for event in by_people::events(world).into_iter().chain(deletions::events(world)) {
            log.0.entry((event.account, event.region, event.name)).or_default().push(event);
        }
        log
    }

    /// The events of a name that happened from a moment to another.
    pub(crate) fn rows(&self, place: Place, name: &str, from_s: i64, to_s: i64) -> Vec<CloudtrailEventRow> {
        let account = [ACCOUNT, KEEPER].into_iter().find(|account| *account == place.account).unwrap_or_default();
        let region = [US, EU].into_iter().find(|region| *region == place.region).unwrap_or_default();
        let of_name = self.0.iter().filter(|(key, _)| **key == (account, region, key.2) && key.2 == name);
        of_name.flat_map(|(_, events)| events).filter(|event| (from_s..to_s).contains(&event.at_s)).map(Event::row).collect()
    }
}
