//! The README's query runs in DuckDB, a client that nobody here wrote, and agrees with the dataset.
//!
//! Needs a Python with the package `duckdb`: `AUDIT_DUCKDB_PYTHON` names it (`.ci/run` sets it); without it the test says so and the SQL is only
//! checked for the columns it names.

use std::process::Command;

use backup_audit::dataset::{Dataset, Snapshot};

/// The query between ```sql and ``` of the README.
fn query() -> String {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```sql\n").expect("the README has a query");
    rest.split_once("```").expect("the query ends").0.trim().trim_end_matches(';').to_owned()
}

#[test]
fn the_query_names_columns_that_exist() {
    let tables = backup_audit::collect::tables();
    let points = tables.iter().find(|table| table.name == "recovery_points").unwrap();
    for column in ["backup_vault_name", "delete_after_days"] {
        assert!(query().contains(column) && points.columns.iter().any(|declared| declared.name == column), "{column}");
    }
}

#[test]
fn duckdb_reads_the_example() {
    let Some(python) = std::env::var_os("AUDIT_DUCKDB_PYTHON") else {
        eprintln!("AUDIT_DUCKDB_PYTHON is not set: DuckDB is not run");
        return;
    };
    let program = "import duckdb, sys; print(sum(row[1] for row in duckdb.sql(sys.argv[1]).fetchall()))";
    let output =
        Command::new(python).args(["-c", program, &query()]).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counted: u64 = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme");
    let dataset = Dataset::open(&root, &backup_audit::collect::tables()).unwrap();
    let points = Snapshot::at(&dataset, None).unwrap().frame("recovery_points").unwrap();
    let there = points.column("exists").unwrap().bool().unwrap().sum().map(u64::from);
    assert_eq!(Some(counted), there, "DuckDB counts the points that are there at the moment of judgement, each once");
}
