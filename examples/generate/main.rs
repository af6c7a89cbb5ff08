//! Writes a dataset of an invented estate: `cargo run --example generate -- --resources 62 --days 90 --seed 7 --out DIR`.
//!
//! The same arguments give the same bytes: no clock is read, and chance comes from the seed. From 60 resources on, every verdict of every rule
//! occurs; `catalogue` holds the story of each database, `holdings` what there is beside them. Larger estates repeat the databases, for measuring
//! speed.

mod activity;
mod alerts;
mod asked;
mod catalogue;
mod collection;
mod configuration;
mod databases;
mod events;
mod fleet;
mod governance;
mod guards;
mod history;
mod holdings;
mod kept;
mod keys;
mod plans;
mod principals;
mod random;
mod refusals;
mod restores;
mod rows;
mod scans;
mod snapshots;
mod timeline;
mod world;

use std::path::{Path, PathBuf};

use anyhow::Context;
use backup_audit::model::moment;
use clap::Parser;

use collection::Covered;
use plans::{ACCOUNT, KEEPER};
use timeline::Timeline;
use world::World;

/// Write a dataset of an invented estate
#[derive(Debug, Parser)]
struct Arguments {
    /// Database instances and clusters, members of clusters included
    #[arg(long, default_value_t = 60)]
    resources: usize,
    /// Days before the end that the collections tell about
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=3650))]
    days: i64,
    /// What chance depends on
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Folder of the dataset; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Number of collections [default: enough for the jobs they list to cover the days, and two at least]
    #[arg(long)]
    collections: Option<usize>,
    /// When the newest collection begins, RFC 3339
    #[arg(long, default_value = "2026-11-20T04:00:00Z", value_parser = moment::parse)]
    end: i64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    refuse_used(&arguments.out)?;
    let timeline = Timeline { end_s: arguments.end, days: arguments.days };
    let world = World::new(arguments.resources, arguments.seed, timeline);
    let collections = timeline.collections(arguments.collections);
    let mut covered = Covered::new();
    for (index, started_s) in collections.iter().enumerate() {
        let age = collections.len() - 1 - index;
        for account in [KEEPER, ACCOUNT] {
            let id = collection::write(&world, &arguments.out, (account, *started_s, age), arguments.seed, &mut covered)?;
            eprintln!("{} of {}, {account}: {id}", index + 1, collections.len());
        }
    }
    Ok(())
}

/// A dataset that holds collections already would become a mixture of two estates.
fn refuse_used(out: &Path) -> anyhow::Result<()> {
    if !out.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(out).with_context(|| format!("cannot read {}", out.display()))? {
        let folder = entry?.path();
        let used = ["manifest.json", "open.json"].iter().any(|name| folder.join(name).exists());
        anyhow::ensure!(!used, "{} holds a collection already: delete it or name another folder", folder.display());
    }
    Ok(())
}
