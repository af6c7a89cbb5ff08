//! The databases of an estate of a given size, from the catalogue.

use std::collections::BTreeMap;

use crate::catalogue::{CATALOGUE, Entry, Kind, Tags};
use crate::plans::ACCOUNT;
use crate::random::Random;
use crate::timeline::Timeline;

/// Takes the place of an entry that is too large for what is left.
static FILLER: Entry = Entry {
    name: "filler",
    region: crate::plans::US,
    kind: Kind::Instance("mysql"),
    tier: "standard",
    tagged: &[("backup", "daily")],
    backed_up: &[("core-daily", "tagged-daily")],
    native_days: 7,
    status: "available",
    trouble: crate::catalogue::Trouble::Nothing,
    tags: Tags::Plain,
    twists: &[],
    created_ago: 400,
    deleted_ago: None,
};

/// A database: an instance of its own or a cluster with its members.
pub(crate) struct Database {
    /// Its story.
    pub(crate) entry: &'static Entry,
    /// Identifier.
    pub(crate) name: String,
    /// Suffix of the round of the catalogue it comes from.
    suffix: String,
    pub(crate) created_s: i64,
    pub(crate) deleted_s: Option<i64>,
    /// `None` if AWS does not tell.
    pub(crate) tags: Option<BTreeMap<String, String>>,
    pub(crate) size_gib: i64,
    /// Id of this life, hexadecimal.
    pub(crate) life: String,
    /// Minute of the day at which automated snapshots are taken.
    pub(crate) snapshot_minute: i64,
}

impl Database {
    fn new(entry: &'static Entry, suffix: String, seed: u64, timeline: &Timeline) -> Self {
        let name = format!("{}{suffix}", entry.name);
        let mut random = Random::new(seed, &format!("database/{name}"));
        let created_s = timeline.ago(entry.created_ago) + random.between(0, 20 * 3_600);
        let size_gib = 20 * random.between(1, 40);
        Self {
            created_s,
            deleted_s: entry.deleted_ago.map(|days| timeline.ago(days) + random.between(0, 6 * 3_600)),
            tags: tags(entry),
            size_gib,
            life: random.hex(16),
            snapshot_minute: 180 + random.between(0, 50),
            entry,
            name,
            suffix,
        }
    }

    /// ARN of the instance or cluster.
    pub(crate) fn arn(&self) -> String {
        let kind = if self.entry.kind.is_cluster() { "cluster" } else { "db" };
        format!("arn:aws:rds:{}:{ACCOUNT}:{kind}:{}", self.entry.region, self.name)
    }

    /// ARN of the key that encrypts it.
    pub(crate) fn key_arn(&self) -> Option<String> {
        self.entry.key().arn(ACCOUNT, self.entry.region)
    }

    /// Names of the members of a cluster.
    pub(crate) fn members(&self) -> Vec<String> {
        (1..=self.entry.kind.members()).map(|member| format!("{}-node-{member}", self.name)).collect()
    }

    /// Name of the database that a replica repeats.
    pub(crate) fn source(&self) -> Option<String> {
        match self.entry.kind {
            Kind::Replica(source) => Some(format!("{source}{}", self.suffix)),
            _ => None,
        }
    }

    /// Whether it is there at a moment.
    pub(crate) fn exists(&self, at_s: i64) -> bool {
        self.created_s < at_s && self.deleted_s.is_none_or(|deleted_s| at_s < deleted_s)
    }

    /// Id of the automated backup.
    pub(crate) fn automated_backup_arn(&self, region: &str) -> String {
        let kind = if self.entry.kind.is_cluster() { "cluster-auto-backup" } else { "auto-backup" };
        let place = &self.life[..12];
        let copy = if region == self.entry.region { "" } else { "r" };
        format!("arn:aws:rds:{region}:{ACCOUNT}:{kind}:ab-{copy}{place}")
    }
}

fn tags(entry: &Entry) -> Option<BTreeMap<String, String>> {
    let mut tags: BTreeMap<String, String> = entry.tagged.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    if !entry.tier.is_empty() {
        tags.insert("tier".to_owned(), entry.tier.to_owned());
    }
    match entry.tags {
        Tags::NotTold => return None,
        Tags::Plain => {}
        Tags::Awkward => {
            let awkward = [
                ("note", "=cmd|' /C calc'!A0"),
                ("owner", "<script>alert(1)</script>"),
                ("cost center", "-2+3, \"quoted\"\ttab"),
                ("city", "Zürich · 東京 · 🗄"),
                ("empty", ""),
            ];
            tags.extend(awkward.map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
    }
    Some(tags)
}

/// Databases that take exactly `rows` rows in the tables of instances and clusters, the deleted ones counted as well.
pub(crate) fn fleet(rows: usize, seed: u64, timeline: &Timeline) -> Vec<Database> {
    let mut databases = Vec::new();
    let mut left = rows;
    for round in 1_usize.. {
        let suffix = if round == 1 { String::new() } else { format!("-{round}") };
        for entry in &CATALOGUE {
            if left == 0 {
                return databases;
            }
            let entry = if entry.kind.rows() <= left { entry } else { &FILLER };
            let suffix = if std::ptr::eq(entry, &raw const FILLER) { format!("-{left}") } else { suffix.clone() };
            left -= entry.kind.rows();
            databases.push(Database::new(entry, suffix, seed, timeline));
        }
    }
    databases
}
