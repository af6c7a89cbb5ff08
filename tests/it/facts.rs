//! What facts declare to read is what they read: a report that says which gap makes what unknown relies on it.

use std::path::Path;

use backup_audit::collect::tables;
use backup_audit::dataset::{Dataset, Snapshot};
use backup_audit::facts::{FACTS, Inputs, Objectives};
use backup_audit::model::Window;
use backup_audit::model::moment::DAY_S;

#[test]
fn facts_read_only_what_they_declare() {
    let dataset = Dataset::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme"), &tables()).unwrap();
    let snapshot = Snapshot::at(&dataset, None).unwrap();
    let objectives = Objectives::default();
    let window = Window { start_s: snapshot.as_of_s() - 30 * DAY_S, end_s: snapshot.as_of_s() };
    for fact in FACTS {
        let inputs = Inputs::new(&snapshot, &objectives, window);
        inputs.fact(fact.relation.name).unwrap();
        for table in inputs.tables_read() {
            assert!(fact.reads().any(|read| read.table == table), "{} reads {table} and does not say so", fact.relation.name);
        }
        for rest in fact.relation.rows_rest_on {
            assert!(fact.reads().any(|read| read.table == rest.table), "{} has rows of {}", fact.relation.name, rest.table);
        }
    }
}
