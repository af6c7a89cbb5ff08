//! The databases of the estate: one entry for each story that a report should be able to tell, and some to which nothing happens.
//!
//! An estate of more databases than the catalogue repeats it with numbered names.

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
    /// Somebody deletes every fifth point hours after it was made.
    DeletedEarly,
    /// Somebody deleted all points of the last three days before the newest collection.
    NewestDeleted,
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
    /// Days of a quarter before the end when it was created and deleted.
    pub(crate) created_ago: i64,
    pub(crate) deleted_ago: Option<i64>,
}

const DAILY: &[(&str, &str)] = &[("core-daily", "tagged-daily")];
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
        created_ago: 400,
        deleted_ago: None,
    }
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
pub(crate) static CATALOGUE: [Entry; 45] = [
    daily("orders", POSTGRES, "critical"),
    alone("orders-replica", Kind::Replica("orders"), "critical", 0),
    Entry {
        tagged: &[("backup", "daily"), ("archive", "yes")],
        backed_up: &[("core-daily", "tagged-daily"), ("weekly-archive", "clusters-to-archive")],
        ..daily("checkout", Kind::Aurora("aurora-mysql", 2), "critical")
    },
    troubled("inventory", MYSQL, "critical", Trouble::JobsFail(40, 38)),
    troubled("ledger", POSTGRES, "critical", Trouble::CopiesFail(4)),
    troubled("billing", MYSQL, "critical", Trouble::JobsFail(3, 0)),
    // Neptune is switched off in the Region: the tag is there, and no job ever runs.
    Entry { backed_up: &[], ..daily("graph", Kind::Neptune(1), "standard") },
    Entry {
        tagged: &[("backup", "daily"), ("archive", "yes")],
        backed_up: &[("core-daily", "tagged-daily"), ("weekly-archive", "clusters-to-archive")],
        ..daily("catalog", Kind::DocumentDb(2), "standard")
    },
    Entry {
        tagged: &[("env", "prod")],
        backed_up: &[("quick-setup", "by-arn")],
        ..daily("payments", Kind::MultiAz("postgres"), "standard")
    },
    Entry { tagged: &[], backed_up: &[("quick-setup", "by-arn")], ..daily("invoices", POSTGRES, "critical") },
    // The tag asks for backups, NotResources takes it out again.
    Entry { tagged: BACKUP_DAILY, ..alone("scratch-cache", MYSQL, "", 0) },
    alone("sandbox", MYSQL, "", 0),
    alone("reports", POSTGRES, "dev", 7),
    Entry { tagged: &[], backed_up: &[("hourly", "sessions")], native_days: 1, ..daily("sessions", MYSQL, "realtime") },
    Entry { tagged: &[("backup", "short")], backed_up: &[("one-week", "tagged-short")], ..daily("crm", POSTGRES, "standard") },
    Entry { tagged: &[("backup", "short")], backed_up: &[("one-week", "tagged-short")], native_days: 1, ..daily("devbox", MYSQL, "dev") },
    Entry { tagged: &[("system", "hr-core")], backed_up: &[("old-nightly", "hr-systems")], ..daily("hr", POSTGRES, "standard") },
    Entry { deleted_ago: Some(10), ..daily("promo", MYSQL, "standard") },
    Entry { tags: Tags::NotTold, tagged: &[], ..alone("imported", MYSQL, "", 7) },
    Entry { tagged: &[], backed_up: &[("continuous", "by-arn")], native_days: 35, ..daily("wallet", POSTGRES, "pitr") },
    Entry { created_ago: 2, ..alone("awsbackup-restore-test-orders", POSTGRES, "", 1) },
    Entry { tags: Tags::Awkward, ..daily("quotes", MYSQL, "standard") },
    Entry { status: "stopped", native_days: 0, ..troubled("warehouse", POSTGRES, "standard", Trouble::JobsExpire) },
    Entry { status: "inaccessible-encryption-credentials", backed_up: &[], native_days: 0, ..daily("vaulted", MYSQL, "standard") },
    Entry { tagged: &[], backed_up: &[("core-daily", "tickets-until-moved")], native_days: 0, ..daily("tickets", MYSQL, "standard") },
    Entry { trouble: Trouble::NewestDeleted, ..no_copies("auditlog", POSTGRES) },
    Entry { trouble: Trouble::DeletedEarly, ..no_copies("telemetry", MYSQL) },
    daily("customers", Kind::Aurora("aurora-postgresql", 2), "critical"),
    Entry { created_ago: 42, ..daily("shop", MYSQL, "standard") },
    eu("eu-orders", POSTGRES, "critical"),
    Entry {
        backed_up: &[("eu-daily", "eu-databases"), ("eu-archive", "by-arn")],
        ..eu("eu-checkout", Kind::Aurora("aurora-mysql", 2), "critical")
    },
    Entry { tagged: &[], backed_up: &[("eu-finance", "by-arn")], native_days: 0, ..eu("eu-ledger", POSTGRES, "standard") },
    eu("eu-graph", Kind::Neptune(1), "standard"),
    Entry { region: EU, ..alone("eu-legacy", MYSQL, "", 0) },
    Entry { region: EU, ..alone("eu-reports", POSTGRES, "standard", 7) },
    Entry { trouble: Trouble::CopiesFail(12), ..eu("eu-billing", MYSQL, "critical") },
    Entry { tagged: &[("backup", "daily"), ("stage", "test")], backed_up: &[], native_days: 3, ..eu("eu-test", POSTGRES, "dev") },
    daily("search", MYSQL, "standard"),
    daily("pricing", POSTGRES, "standard"),
    daily("loyalty", MYSQL, "standard"),
    daily("shipping", POSTGRES, "critical"),
    daily("returns", MYSQL, "standard"),
    eu("eu-catalog", Kind::DocumentDb(1), "standard"),
    eu("eu-shop", MYSQL, "standard"),
    daily("profile", POSTGRES, "critical"),
];

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
