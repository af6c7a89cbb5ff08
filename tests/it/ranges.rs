//! Large estates are worked on range by range of resources. What comes out must not depend on how many ranges there are.

use backup_audit::collect::tables;
use backup_audit::dataset::{Dataset, Snapshot};
use backup_audit::engine::derived::{Derived, relations};
use backup_audit::engine::{Library, Settings, judge};
use backup_audit::facts::{FACTS, Inputs};
use backup_audit::model::Window;
use backup_audit::model::moment::DAY_S;

use crate::gaps::{example, objectives};

#[test]
fn ranges_change_nothing() {
    let tables = tables();
    let dataset = Dataset::open(&example(), &tables).unwrap();
    let snapshot = Snapshot::at(&dataset, None).unwrap();
    let window = Window { start_s: snapshot.as_of_s() - 75 * DAY_S, end_s: snapshot.as_of_s() };
    let objectives = objectives();
    let inputs = |ranges| Inputs::new(&snapshot, &objectives, window).in_ranges(ranges);
    let (one, five) = (inputs(1), inputs(5));
    assert_eq!((one.ranges().len(), five.ranges().len()), (1, 5));
    // A range asks first for what is derived once for all of them.
    let first = five.within(five.ranges()[3]);
    for fact in FACTS.iter().filter(|fact| fact.by_range) {
        first.fact(fact.relation.name).unwrap();
    }
    for fact in FACTS {
        let name = fact.relation.name;
        let (whole, ranged) = (one.fact(name).unwrap(), five.fact(name).unwrap());
        assert!(whole.equals_missing(&ranged), "{name}: {} rows at once, {} in ranges", whole.height(), ranged.height());
    }
    let relations = relations(&tables);
    let library = Library::load(&relations, None).unwrap();
    let judged = |inputs: &Inputs<'_>| judge(&library.rules, &Derived::new(inputs, &tables, &relations), &Settings::default()).unwrap();
    assert!(judged(&one) == judged(&five), "findings and the rows behind them");
}
