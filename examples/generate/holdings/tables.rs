//! Tables of DynamoDB.

use backup_audit::collect::dynamodb_tables::DynamoDbTableRow;
use backup_audit::collect::resource_tags::ResourceTagsRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;
use backup_audit::model::moment::{DAY_S, HOUR_S};

use super::{Tags, arn, is_here, made_s, tags_row};
use crate::plans::US;
use crate::random::Random;
use crate::rows::text;
use crate::world::{Place, World};

struct Item {
    name: &'static str,
    /// Days that point-in-time recovery goes back; `None` if it is off.
    recovery_days: Option<i64>,
    protected: bool,
    made_ago: i64,
    tags: Tags,
}

const TABLES: [Item; 5] = [
    Item { name: "carts", recovery_days: Some(35), protected: true, made_ago: 400, tags: &[("tier", "standard")] },
    // Somebody saved a few dollars: a week back is all there is, beside the points of every Saturday.
    Item { name: "coupons", recovery_days: Some(7), protected: true, made_ago: 400, tags: &[("tier", "weekly"), ("backup", "weekly")] },
    Item { name: "clicks", recovery_days: None, protected: false, made_ago: 300, tags: &[("tier", "dev")] },
    Item { name: "awsbackup-restore-test-coupons", recovery_days: None, protected: false, made_ago: 1, tags: &[] },
    // Made seconds ago: DynamoDB tells little of it yet.
    Item { name: "wish-lists", recovery_days: None, protected: false, made_ago: 0, tags: &[("tier", "dev")] },
];

impl Item {
    fn arn(&self) -> String {
        arn("dynamodb", US, &format!("table/{}", self.name))
    }
}

/// The tables of a Region.
pub(super) fn tables(world: &World, place: Place) -> Vec<DynamoDbTableRow> {
    TABLES.iter().filter(|table| is_here(world, place, US, table.made_ago)).map(|table| row(world, place, table)).collect()
}

fn row(world: &World, place: Place, table: &Item) -> DynamoDbTableRow {
    let (made_s, told) = (made_s(world, table.made_ago), table.made_ago > 0);
    let earliest_s = table.recovery_days.map(|days| (place.now_s - days * DAY_S).max(made_s + HOUR_S));
    DynamoDbTableRow {
        table_arn: Some(table.arn()),
        table_name: text(table.name),
        table_id: Some(Random::new(0, table.name).uuid()),
        resource_key: Some(resource_key(&table.arn())),
        table_status: text(if told { "ACTIVE" } else { "CREATING" }),
        creation_date_time: Some(millis(made_s)),
        table_size_bytes: told.then_some(3 << 30),
        billing_mode: text("PAY_PER_REQUEST"),
        deletion_protection_enabled: told.then_some(table.protected),
        encryption: text("AWS_OWNED_KEY"),
        point_in_time_recovery_status: told.then(|| if earliest_s.is_some() { "ENABLED" } else { "DISABLED" }.to_owned()),
        recovery_period_days: table.recovery_days,
        earliest_restorable_date_time: earliest_s.map(millis),
        latest_restorable_date_time: earliest_s.map(|_| millis(place.now_s - 300)),
        ..DynamoDbTableRow::default()
    }
}

/// Their tags, which only the tagging API tells.
pub(super) fn tags(world: &World, place: Place) -> Vec<ResourceTagsRow> {
    let here = TABLES.iter().filter(|table| is_here(world, place, US, table.made_ago) && !table.tags.is_empty());
    here.map(|table| tags_row(table.arn(), table.tags)).collect()
}
