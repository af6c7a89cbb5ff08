//! Documents that the program writes are what it would write today. `AUDIT_BLESS=1` writes them.

use std::fs;
use std::path::Path;

use crate::command::audit;

#[test]
fn generated_documents_are_true() {
    // file, command that writes it
    let documents: [(&str, &[&str]); 3] = [
        ("docs/schema.md", &["schema", "--markdown"]),
        ("docs/iam-read.json", &["policy", "read"]),
        ("docs/rules.md", &["rules", "list", "--markdown"]),
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
