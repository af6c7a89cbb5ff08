//! Secrets, and the replicas of some in the other Region.

use backup_audit::collect::secrets::SecretRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;
use backup_audit::model::moment::DAY_S;
use serde_json::{Value, json as value};

use crate::plans::{ACCOUNT, EU, KEEPER, US};
use crate::random::Random;
use crate::rows::{json, text};
use crate::world::{Place, World};

/// What Secrets Manager answers about one whose policy lets nobody ask.
pub(crate) const REFUSED_SECRET: &str = "1 × escrow-signing-key: AccessDeniedException: Access denied";
const GUARDED: &str = "escrow-signing-key";

struct Item {
    account: &'static str,
    region: &'static str,
    name: &'static str,
    /// Region it was made in, if another has a replica.
    primary: Option<&'static str>,
    /// State of its replica in the other Region.
    replica: Option<&'static str>,
    going: bool,
}

const fn alone(region: &'static str, name: &'static str) -> Item {
    Item { account: ACCOUNT, region, name, primary: None, replica: None, going: false }
}

const SECRETS: [Item; 6] = [
    Item { primary: Some(US), replica: Some("InSync"), ..alone(US, "orders/master") },
    Item { primary: Some(US), ..alone(EU, "orders/master") },
    Item { primary: Some(US), replica: Some("Failed"), ..alone(US, "payments/api") },
    alone(US, "newsletter/smtp"),
    Item { going: true, ..alone(EU, "old-gateway") },
    Item { account: KEEPER, ..alone(US, GUARDED) },
];

/// The secrets of a Region.
pub(super) fn secrets(world: &World, place: Place) -> Vec<SecretRow> {
    SECRETS
        .iter()
        .filter(|secret| (secret.account, secret.region) == (place.account, place.region))
        .map(|secret| row(world, secret))
        .collect()
}

fn row(world: &World, secret: &Item) -> SecretRow {
    let id = Random::new(0, &format!("secret/{}", secret.name)).hex(6);
    let arn = format!("arn:aws:secretsmanager:{}:{}:secret:{}-{id}", secret.region, secret.account, secret.name);
    let described = secret.name != GUARDED;
    let replica = |status| value!([{ "Region": EU, "Status": status }]);
    SecretRow {
        resource_key: Some(resource_key(&arn)),
        secret_arn: Some(arn),
        secret_name: text(secret.name),
        created_date: Some(millis(world.timeline.ago(300))),
        last_changed_date: Some(millis(world.timeline.ago(60))),
        deleted_date: secret.going.then(|| millis(world.timeline.end_s + 20 * DAY_S)),
        rotation_enabled: Some(false),
        primary_region: secret.primary.map(str::to_owned),
        described: Some(described),
        replication_status: secret.replica.map(|status| json(replica(status))),
        tags: Some(json(Value::Object(serde_json::Map::new()))),
        ..SecretRow::default()
    }
}
