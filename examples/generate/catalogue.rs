//! The databases of the estate: one entry for each story that a report should be able to tell, and some to which nothing happens.
//!
//! An estate of more databases than the catalogue repeats it with numbered names.

use crate::keys::Key;
use crate::plans::{EU, US};

/// What a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// RDS instance of an engine.
    Instance(&'static str),
    /// Aurora cluster of an engine with so many members.
    Aurora(&'static str, usize),
    /// Neptune cluster with so many members.
    Neptune(usize),
    /// DocumentDB cluster with so many members.
    DocumentDb(usize),
    /// RDS Multi-AZ cluster of an engine, three instances.
    MultiAz(&'static str),
    /// Read replica of the database of this name.
    Replica(&'static str),
}

/// What goes wrong with its backups; moments in days of a quarter before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing but now and then a job that fails and is retried.
    Nothing,
    /// Jobs fail from the first moment until the second.
    JobsFail(i64, i64),
    /// Copies fail from this moment on.
    CopiesFail(i64),
    /// Jobs never start: the database is stopped.
    JobsExpire,
    /// Jobs fail from the beginning: the lock of the vault does not allow what the plan asks for.
    Refused,
    /// Somebody deletes every fifth point hours after it was made.
    DeletedEarly,
    /// Somebody deleted all points of the last three days before the newest collection.
    NewestDeleted,
}

/// How a restore test of it went; days before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tested {
    /// Restored, validated, deleted again.
    Well(i64),
    /// The restore failed.
    Failed(i64),
    /// Restored, and nobody looked at it.
    Unvalidated(i64),
    /// Restored, and what came back was wrong.
    Invalid(i64),
    /// Restored in fourteen hours.
    Slowly(i64),
    /// Restored, and being looked at.
    Validating(i64),
    /// AWS does not say how it ended.
    Untold(i64),
    /// Restored well, but what was made could not be deleted.
    Littering(i64),
    /// Restored well, of a point that was two weeks old.
    Stale(i64),
}

/// What is odd about a database otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Twist {
    /// Encrypted with another key than the estate's.
    Key(Key),
    /// Can be deleted with one call.
    Unguarded,
    /// Its snapshots do not get its tags.
    TagsNotCopied,
    /// Maintenance begins in its backup window.
    Crowded,
    /// Maintenance begins when its plan runs.
    Colliding,
    /// Point-in-time restore lags by so many hours.
    Lagging(i64),
    /// Its automated backups are replicated to the other Region.
    Replicated,
    /// They were, until so many days before the end.
    ReplicatedUntil(i64),
    /// The replication was stopped, what was replicated is retained.
    ReplicationStopped,
    /// Somebody took a snapshot and made it public.
    SnapshotPublic,
    /// Somebody took a snapshot and shared it with another account.
    SnapshotShared,
    /// Whoever may restore a snapshot that somebody took is not told.
    SnapshotUnread,
    /// Somebody made a point that no lifecycle deletes.
    Endless,
    /// A point is still there after its time.
    Overdue,
    /// A court wants its points kept.
    Held,
    /// A point past its time of which AWS tells next to nothing.
    Untold,
    /// Its continuous backup was broken off.
    ContinuousStopped,
    /// Its jobs were made under another key than it has now.
    Rekeyed,
    /// Copies into an air-gapped vault fail.
    IsolationFails,
    /// The newest job completed with issues.
    Issues,
    /// A restore test.
    Tested(Tested),
}

/// Tags that reports must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tags {
    /// Those of the entry.
    Plain,
    /// Formulas, markup and other scripts as well.
    Awkward,
    /// AWS does not send any list.
    NotTold,
}

/// A database with its story.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) region: &'static str,
    pub(crate) kind: Kind,
    /// Value of the tag `tier`, on which objectives rest; empty for none.
    pub(crate) tier: &'static str,
    /// Further tags.
    pub(crate) tagged: &'static [(&'static str, &'static str)],
    /// Plan and selection that back it up.
    pub(crate) backed_up: &'static [(&'static str, &'static str)],
    /// Days of automated backups.
    pub(crate) native_days: i64,
    pub(crate) status: &'static str,
    pub(crate) trouble: Trouble,
    pub(crate) tags: Tags,
    pub(crate) twists: &'static [Twist],
    /// Days of a quarter before the end when it was created and deleted.
    pub(crate) created_ago: i64,
    pub(crate) deleted_ago: Option<i64>,
}

const DAILY: &[(&str, &str)] = &[("core-daily", "tagged-daily")];
const OFFSITE: &[(&str, &str)] = &[("core-daily", "tagged-daily"), ("offsite", "by-arn")];
const EU_DAILY: &[(&str, &str)] = &[("eu-daily", "eu-databases")];
const BACKUP_DAILY: &[(&str, &str)] = &[("backup", "daily")];

/// A healthy database of the daily plan.
const fn daily(name: &'static str, kind: Kind, tier: &'static str) -> Entry {
    Entry {
        name,
        region: US,
        kind,
        tier,
        tagged: BACKUP_DAILY,
        backed_up: DAILY,
        native_days: 7,
        status: "available",
        trouble: Trouble::Nothing,
        tags: Tags::Plain,
        twists: &[],
        created_ago: 400,
        deleted_ago: None,
    }
}

/// A healthy database of the daily plan but for this.
const fn odd(name: &'static str, kind: Kind, tier: &'static str, twists: &'static [Twist]) -> Entry {
    Entry { twists, ..daily(name, kind, tier) }
}

const fn troubled(name: &'static str, kind: Kind, tier: &'static str, trouble: Trouble) -> Entry {
    Entry { trouble, ..daily(name, kind, tier) }
}

/// A healthy database of the other Region.
const fn eu(name: &'static str, kind: Kind, tier: &'static str) -> Entry {
    Entry { region: EU, backed_up: EU_DAILY, ..daily(name, kind, tier) }
}

/// A database of the plan that makes no copies, without backups of its own: what is deleted there is lost.
const fn no_copies(name: &'static str, kind: Kind) -> Entry {
    Entry { backed_up: &[("quick-setup", "by-arn")], ..alone(name, kind, "standard", 0) }
}

/// A database that no plan backs up.
const fn alone(name: &'static str, kind: Kind, tier: &'static str, native_days: i64) -> Entry {
    Entry { tagged: &[], backed_up: &[], native_days, ..daily(name, kind, tier) }
}

const MYSQL: Kind = Kind::Instance("mysql");
const POSTGRES: Kind = Kind::Instance("postgres");

/// The catalogue.
pub(crate) static CATALOGUE: [Entry; 47] = [
    odd("orders", POSTGRES, "critical", &[Twist::SnapshotShared, Twist::Tested(Tested::Littering(1))]),
    alone("orders-replica", Kind::Replica("orders"), "critical", 0),
    Entry {
        tagged: &[("backup", "daily"), ("archive", "yes")],
        backed_up: &[("core-daily", "tagged-daily"), ("weekly-archive", "clusters-to-archive")],
        twists: &[Twist::Tested(Tested::Well(5))],
        ..daily("checkout", Kind::Aurora("aurora-mysql", 2), "critical")
    },
    Entry { twists: &[Twist::Tested(Tested::Failed(8))], ..troubled("inventory", MYSQL, "critical", Trouble::JobsFail(40, 38)) },
    Entry { twists: &[Twist::Tested(Tested::Unvalidated(7))], ..troubled("ledger", POSTGRES, "critical", Trouble::CopiesFail(4)) },
    Entry { twists: &[Twist::Tested(Tested::Slowly(9))], ..troubled("billing", MYSQL, "critical", Trouble::JobsFail(3, 0)) },
    // Neptune is switched off in the Region: the tag is there, and no job ever runs.
    Entry { backed_up: &[], ..daily("graph", Kind::Neptune(1), "standard") },
    Entry {
        tagged: &[("backup", "daily"), ("archive", "yes")],
        backed_up: &[("core-daily", "tagged-daily"), ("weekly-archive", "clusters-to-archive")],
        twists: &[Twist::Issues, Twist::IsolationFails],
        ..daily("catalog", Kind::DocumentDb(2), "standard")
    },
    Entry {
        tagged: &[("env", "prod")],
        backed_up: &[("quick-setup", "by-arn")],
        ..daily("payments", Kind::MultiAz("postgres"), "standard")
    },
    Entry { tagged: &[], backed_up: &[("quick-setup", "by-arn")], ..odd("invoices", POSTGRES, "critical", &[Twist::Unguarded]) },
    // The tag asks for backups, NotResources takes it out again.
    Entry { tagged: BACKUP_DAILY, ..alone("scratch-cache", MYSQL, "", 0) },
    alone("sandbox", MYSQL, "", 0),
    // Its plan keeps points for less time than the lock of the vault wants.
    Entry {
        tagged: &[("backup", "lab")],
        backed_up: &[("lab", "tagged-lab")],
        twists: &[Twist::Rekeyed],
        ..troubled("reports", POSTGRES, "dev", Trouble::Refused)
    },
    Entry { tagged: &[], backed_up: &[("hourly", "sessions")], native_days: 1, ..daily("sessions", MYSQL, "realtime") },
    Entry {
        tagged: &[("backup", "short")],
        backed_up: &[("one-week", "tagged-short")],
        ..odd("crm", POSTGRES, "standard", &[Twist::TagsNotCopied])
    },
    Entry { tagged: &[("backup", "short")], backed_up: &[("one-week", "tagged-short")], native_days: 1, ..daily("devbox", MYSQL, "dev") },
    Entry { tagged: &[("system", "hr-core")], backed_up: &[("old-nightly", "hr-systems")], ..daily("hr", POSTGRES, "standard") },
    Entry { deleted_ago: Some(10), ..daily("promo", MYSQL, "standard") },
    Entry { deleted_ago: Some(11), ..daily("surveys", POSTGRES, "standard") },
    Entry {
        tagged: &[],
        backed_up: &[("continuous", "by-arn")],
        native_days: 35,
        ..odd("vouchers", MYSQL, "pitr", &[Twist::ContinuousStopped])
    },
    Entry { tags: Tags::NotTold, tagged: &[], ..alone("imported", MYSQL, "", 7) },
    Entry { tagged: &[], backed_up: &[("continuous", "by-arn")], native_days: 35, ..odd("wallet", POSTGRES, "pitr", &[Twist::Replicated]) },
    Entry { created_ago: 2, ..alone("awsbackup-restore-test-orders", POSTGRES, "", 1) },
    Entry { tags: Tags::Awkward, ..odd("quotes", MYSQL, "standard", &[Twist::Crowded]) },
    Entry { status: "stopped", native_days: 0, ..troubled("warehouse", POSTGRES, "standard", Trouble::JobsExpire) },
    Entry { status: "inaccessible-encryption-credentials", backed_up: &[], native_days: 0, ..daily("vaulted", MYSQL, "standard") },
    Entry {
        tagged: &[],
        backed_up: &[("core-daily", "tickets-until-moved")],
        native_days: 0,
        ..odd("tickets", MYSQL, "standard", &[Twist::Overdue, Twist::Held])
    },
    Entry { trouble: Trouble::NewestDeleted, ..no_copies("auditlog", POSTGRES) },
    Entry { trouble: Trouble::DeletedEarly, twists: &[Twist::Endless], ..no_copies("telemetry", MYSQL) },
    odd("customers", Kind::Aurora("aurora-postgresql", 2), "critical", &[Twist::Key(Key::Owned), Twist::Tested(Tested::Well(12))]),
    Entry { created_ago: 42, ..odd("shop", MYSQL, "standard", &[Twist::Lagging(5)]) },
    Entry { twists: &[Twist::Tested(Tested::Untold(9))], ..eu("eu-orders", POSTGRES, "critical") },
    Entry {
        backed_up: &[("eu-daily", "eu-databases"), ("eu-archive", "by-arn")],
        ..eu("eu-checkout", Kind::Aurora("aurora-mysql", 2), "critical")
    },
    Entry { tagged: &[], backed_up: &[("eu-finance", "by-arn")], native_days: 0, ..eu("eu-ledger", POSTGRES, "standard") },
    Entry { twists: &[Twist::Untold], ..eu("eu-graph", Kind::Neptune(1), "standard") },
    // Somebody wrote more into the tag than it is for; in the pattern of the selection `*` stands for no blank.
    Entry { region: EU, tagged: &[("backup", "daily 35 days")], ..alone("eu-legacy", MYSQL, "", 0) },
    Entry { region: EU, ..alone("eu-reports", POSTGRES, "standard", 7) },
    Entry { trouble: Trouble::CopiesFail(12), ..eu("eu-billing", MYSQL, "critical") },
    Entry { tagged: &[("backup", "daily"), ("stage", "test")], backed_up: &[], native_days: 3, ..eu("eu-test", POSTGRES, "dev") },
    odd("search", MYSQL, "standard", &[Twist::Key(Key::Doomed), Twist::Overdue]),
    odd("pricing", POSTGRES, "standard", &[Twist::Key(Key::Disabled), Twist::Colliding]),
    // The key that AWS manages for RDS does not leave the account.
    Entry {
        backed_up: OFFSITE,
        ..odd("loyalty", MYSQL, "standard", &[Twist::Key(Key::Aws("rds")), Twist::SnapshotUnread, Twist::Tested(Tested::Validating(1))])
    },
    Entry { backed_up: OFFSITE, ..odd("shipping", POSTGRES, "critical", &[Twist::Tested(Tested::Invalid(10))]) },
    odd("returns", MYSQL, "standard", &[Twist::Key(Key::None), Twist::SnapshotPublic]),
    eu("eu-catalog", Kind::DocumentDb(1), "standard"),
    Entry { twists: &[Twist::Key(Key::Foreign)], ..eu("eu-shop", MYSQL, "standard") },
    Entry { native_days: 35, ..odd("profile", POSTGRES, "critical", &[Twist::ReplicatedUntil(2), Twist::Tested(Tested::Stale(20))]) },
];

impl Entry {
    /// The key it is encrypted with.
    pub(crate) fn key(&self) -> Key {
        let told = self.twists.iter().find_map(|twist| if let Twist::Key(key) = twist { Some(*key) } else { None });
        told.unwrap_or(Key::Estate)
    }

    /// Whether something is odd about it.
    pub(crate) fn has(&self, twist: Twist) -> bool {
        self.twists.contains(&twist)
    }

    /// Its restore tests.
    pub(crate) fn tests(&self) -> impl Iterator<Item = Tested> {
        self.twists.iter().filter_map(|twist| if let Twist::Tested(tested) = twist { Some(*tested) } else { None })
    }
}

impl Kind {
    /// Rows it takes in the tables of instances and clusters.
    pub(crate) fn rows(self) -> usize {
        match self {
            Self::Instance(_) | Self::Replica(_) => 1,
            _ => 1 + self.members(),
        }
    }

    /// Members, for clusters.
    pub(crate) fn members(self) -> usize {
        match self {
            Self::Instance(_) | Self::Replica(_) => 0,
            Self::Aurora(_, members) | Self::Neptune(members) | Self::DocumentDb(members) => members,
            Self::MultiAz(_) => 3,
        }
    }

    /// Engine as AWS words it.
    pub(crate) fn engine(self) -> &'static str {
        match self {
            Self::Instance(engine) | Self::Aurora(engine, _) | Self::MultiAz(engine) => engine,
            Self::Neptune(_) => "neptune",
            Self::DocumentDb(_) => "docdb",
            Self::Replica(_) => "postgres",
        }
    }

    /// Version of the engine.
    pub(crate) fn version(self) -> &'static str {
        match self.engine() {
            "mysql" => "8.4.6",
            "postgres" => "17.5",
            "aurora-mysql" => "8.0.mysql_aurora.3.10.0",
            "aurora-postgresql" => "16.8",
            "neptune" => "1.4.5.1",
            _ => "5.0.0",
        }
    }

    /// Type as AWS Backup names it.
    pub(crate) fn backup_type(self) -> &'static str {
        match self {
            Self::Aurora(..) => "Aurora",
            Self::Neptune(_) => "Neptune",
            Self::DocumentDb(_) => "DocumentDB",
            Self::Instance(_) | Self::MultiAz(_) | Self::Replica(_) => "RDS",
        }
    }

    /// Whether it is a cluster.
    pub(crate) fn is_cluster(self) -> bool {
        self.members() > 0
    }
}
