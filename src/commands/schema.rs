//! `audit schema`: tables and relations with their columns, units and what NULL means; also the source of `docs/schema.md`.

use serde::Serialize;

use super::error::CommandError;
use super::print;
use crate::cli::SchemaArgs;
use crate::collect;
use crate::dataset::reads::READS;
use crate::dataset::schema::LEADING_COLUMNS;
use crate::dataset::{Absence, Column, ColumnType, Relation, Table};
use crate::facts::FACTS;

/// A table, relation or output in print.
#[derive(Debug, Serialize)]
struct Sheet {
    name: &'static str,
    kind: &'static str,
    doc: &'static str,
    key: Vec<&'static str>,
    columns: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    #[serde(rename = "type")]
    type_name: &'static str,
    unit: &'static str,
    null: String,
    source: &'static str,
    doc: &'static str,
}

/// Prints the schema.
///
/// # Errors
/// `CommandError` of usage if nothing has this name, naming the nearest.
pub(super) fn run(args: &SchemaArgs) -> Result<(), CommandError> {
    let mut sheets = sheets();
    if let Some(name) = &args.name {
        let nearest = sheets.iter().map(|sheet| sheet.name).max_by_key(|known| similarity(known, name));
        sheets.retain(|sheet| sheet.name == name);
        if sheets.is_empty() {
            let hint = nearest.map(|name| format!("did you mean `{name}`? `audit schema` lists them all")).unwrap_or_default();
            return Err(CommandError::usage(anyhow::anyhow!("no table or relation is called `{name}`")).hint(hint));
        }
    }
    if args.json {
        let text = serde_json::to_string_pretty(&sheets).map_err(CommandError::failed)?;
        return print(&format!("{text}\n"));
    }
    if args.markdown {
        return print(&markdown());
    }
    let texts: Vec<String> = sheets.iter().map(plain).collect();
    print(&texts.join("\n"))
}

fn similarity(one: &str, other: &str) -> u32 {
    // An order is all that is needed, so four digits of it are enough.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 10000")]
    let points = (strsim::jaro_winkler(one, other) * 10_000.0) as u32;
    points
}

fn sheets() -> Vec<Sheet> {
    let mut sheets: Vec<Sheet> = collect::tables().into_iter().chain([&READS]).map(of_table).collect();
    sheets.extend(FACTS.iter().map(|fact| of_relation(fact.relation)));
    sheets.push(findings());
    sheets
}

fn of_table(table: &'static Table) -> Sheet {
    Sheet {
        name: table.name,
        kind: table.kind.word(),
        doc: table.doc,
        key: table.identity(),
        columns: LEADING_COLUMNS.iter().chain(table.columns).flat_map(lines).collect(),
    }
}

fn of_relation(relation: &'static Relation) -> Sheet {
    let key = std::iter::once("subject_arn").chain(relation.order.iter().copied()).collect();
    Sheet { name: relation.name, kind: "relation", doc: relation.doc, key, columns: relation.columns.iter().flat_map(lines).collect() }
}

fn findings() -> Sheet {
    const COLUMNS: [(&str, &str); 14] = [
        ("rule_id", "Rule that judged"),
        ("verdict", "pass, fail, unknown, not_applicable or waived"),
        ("severity", "How bad a failure is: info, low, medium, high or critical"),
        ("subject_arn", "ARN of the subject, or <parent ARN>#<kind>/<id> for one without"),
        ("subject_type", "AWS resource type, or `read` for something that could not be read"),
        ("account_id", "Account of the subject"),
        ("region", "Region of the subject"),
        ("observed", "What was seen"),
        ("expected", "What the rule asks for"),
        ("message", "One sentence; empty for pass and not_applicable"),
        ("controls", "Requirements it speaks to, framework:id, separated by semicolons"),
        ("evidence", "Where the proof lies: table, key and collection"),
        ("waiver_id", "Waiver in force; empty if none"),
        ("finding_id", "UUIDv5 of rule and subject"),
    ];
    let columns =
        COLUMNS.map(|(name, doc)| Line { name: name.to_owned(), type_name: "text", unit: "", null: "never".to_owned(), source: "", doc });
    Sheet {
        name: "findings",
        kind: "output",
        doc: "One verdict of one rule on one subject: the columns of findings.parquet and findings.csv.",
        key: vec!["rule_id", "subject_arn"],
        columns: columns.into(),
    }
}

/// A `Time` column is two.
fn lines(column: &Column) -> Vec<Line> {
    let null = match column.absence {
        Absence::Never => "never".to_owned(),
        Absence::NotTold => "not told".to_owned(),
        Absence::Means(what) => what.to_owned(),
    };
    let line = |name: String, type_name, unit| Line { name, type_name, unit, null: null.clone(), source: column.source, doc: column.doc };
    let mut lines = vec![line(column.name.to_owned(), column.column_type.word(), column.unit())];
    if column.column_type == ColumnType::Time {
        lines.push(line(format!("{}_s", column.name), "integer", "epoch seconds"));
    }
    lines
}

fn plain(sheet: &Sheet) -> String {
    let mut text = format!("{} ({})\n  {}\n  key: {}\n", sheet.name, sheet.kind, sheet.doc, sheet.key.join(", "));
    let width = sheet.columns.iter().map(|line| line.name.len()).max().unwrap_or(0);
    for line in &sheet.columns {
        let unit = if line.unit.is_empty() { String::new() } else { format!(", {}", line.unit) };
        text += &format!("    {:width$}  {}{unit}; NULL: {}. {}\n", line.name, line.type_name, line.null, line.doc);
    }
    text
}

/// The whole schema as Markdown: `docs/schema.md`, kept true by a test.
pub fn markdown() -> String {
    let mut text = "# Schema\n\nMade by `audit schema --markdown`; do not edit. *State*: the newest read counts. *History*: union over collections. *Object*: union \
                    with `first_seen_s`, `last_seen_s` and `absent_s`. *Relation*: derived, what rules read. A timestamp stands twice: for people, and as epoch \
                    seconds.\n"
        .to_owned();
    for sheet in sheets() {
        text += &format!("\n## {}\n\n*{}*. {} Key: `{}`.\n\n", sheet.name, sheet.kind, sheet.doc, sheet.key.join("`, `"));
        text += "| column | type | unit | NULL means | source | meaning |\n| --- | --- | --- | --- | --- | --- |\n";
        for line in &sheet.columns {
            let Line { name, type_name, unit, null, source, doc } = line;
            text += &format!("| `{name}` | {type_name} | {unit} | {null} | {source} | {} |\n", doc.replace('|', "\\|"));
        }
    }
    text
}
