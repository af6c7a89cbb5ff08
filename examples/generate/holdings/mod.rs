//! What holds data beside databases: a handful of things of each service, each with what a report should be able to say about it.
//!
//! What AWS Backup keeps of some of them is in [`kept`](crate::kept).

use backup_audit::collect::resource_tags::ResourceTagsRow;
use backup_audit::dataset::Batch;
use backup_audit::dataset::rows::Json;
use serde_json::{Map, Value};

use crate::plans::ACCOUNT;
use crate::random::Random;
use crate::rows::json;
use crate::world::{Place, World};

mod buckets;
mod caches;
mod files;
mod machines;
mod policies;
mod secrets;
mod tables;
mod volumes;
mod warehouses;

pub(crate) use buckets::REFUSED_BUCKET;
pub(crate) use secrets::REFUSED_SECRET;

/// The rows of a table of these services; `None` if it is none of theirs.
pub(crate) fn rows(world: &World, place: Place, table: &str) -> Option<Batch> {
    Some(match table {
        "amis" => Batch::from_rows(machines::images(world, place)),
        "data_resource_tags" => Batch::from_rows(tables::tags(world, place).into_iter().chain(caches::tags(world, place))),
        "dlm_policies" => Batch::from_rows(policies::policies(world, place)),
        "dynamodb_tables" => Batch::from_rows(tables::tables(world, place)),
        "ebs_snapshots" => Batch::from_rows(volumes::snapshots(world, place)),
        "ebs_volumes" => Batch::from_rows(volumes::volumes(world, place)),
        "ec2_instances" => Batch::from_rows(machines::instances(world, place)),
        "efs_file_systems" => Batch::from_rows(files::efs(world, place)),
        "efs_replications" => Batch::from_rows(files::replications(world, place)),
        "elasticache_groups" => Batch::from_rows(caches::caches(world, place)),
        "fsx_file_systems" => Batch::from_rows(files::fsx(world, place)),
        "redshift_clusters" => Batch::from_rows(warehouses::clusters(world, place)),
        "secrets" => Batch::from_rows(secrets::secrets(world, place)),
        "s3_buckets" => Batch::from_rows(buckets::buckets(world, place)),
        _ => return None,
    })
}

/// Key and value of each tag.
type Tags = &'static [(&'static str, &'static str)];

/// ARN of something in the account.
pub(crate) fn arn(service: &str, region: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{region}:{ACCOUNT}:{resource}")
}

/// Id as EC2 and the like make them of a kind: the same for the same name.
pub(crate) fn id(kind: &str, name: &str) -> String {
    format!("{kind}-0{}", Random::new(0, &format!("{kind}/{name}")).hex(16))
}

/// When something was made, from the days of a quarter before the end; of none it was made seconds before the newest collection.
fn made_s(world: &World, made_ago: i64) -> i64 {
    world.timeline.ago(made_ago) - if made_ago == 0 { 20 } else { 0 }
}

/// Whether something of a Region of the account can be seen: it is that Region, and it has been made.
fn is_here(world: &World, place: Place, region: &str, made_ago: i64) -> bool {
    (place.account, place.region) == (ACCOUNT, region) && made_s(world, made_ago) < place.now_s
}

/// Tags as a cell.
fn tagged(tags: Tags) -> Json {
    json(Value::Object(tags.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect::<Map<_, _>>()))
}

/// Tags as the tagging API tells them.
fn tags_row(arn: String, tags: Tags) -> ResourceTagsRow {
    ResourceTagsRow { resource_arn: Some(arn), tags: Some(tagged(tags)) }
}
