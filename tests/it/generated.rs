//! Documents that the program writes are what it would write today. `AUDIT_BLESS=1` writes them.

use std::fs;
use std::path::Path;

use crate::command::audit;

#[test]
fn generated_documents_are_true() {
    // file, command that writes it
    let documents: [(&str, &[&str]); 4] = [
        ("docs/schema.md", &["schema", "--markdown"]),
        ("docs/iam-read.json", &["policy", "read"]),
        ("docs/rules.md", &["rules", "list", "--markdown"]),
        ("docs/coverage-of-controls.md", &["rules", "controls", "--markdown"]),
    ];
    for (file, args) in documents {
        let output = audit(args, &[]);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var_os("AUDIT_BLESS").is_some() {
            fs::write(&path, &output.stdout).unwrap();
        }
        assert!(
            fs::read(&path).unwrap_or_default() == output.stdout,
            "{file} is not what `audit {}` prints; `just docs` makes it so",
            args.join(" ")
        );
    }
}

/// What a page shows of the terminal is what the terminal shows: each line, in order, with `…` for what is left out.
#[test]
fn what_pages_show_of_the_terminal_is_true() {
    for page in ["docs/explain-and-diff.md", "docs/objectives.md", "docs/waivers.md"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        for block in text.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
            let mut lines = block.lines();
            let command = lines.next().and_then(|line| line.strip_prefix("$ audit ")).expect("a block begins with its command");
            let args: Vec<&str> = command.split_whitespace().collect();
            let shown = String::from_utf8(audit(&args, &[("COLUMNS", "80")]).stdout).unwrap();
            let mut left = shown.lines().peekable();
            let mut gap = false;
            for line in lines {
                if line == "…" {
                    gap = true;
                    continue;
                }
                let found = if gap { left.any(|one| one == line) } else { left.next() == Some(line) };
                assert!(found, "{page}: `audit {command}` does not print, where it should, the line\n{line}");
                gap = false;
            }
        }
    }
}
