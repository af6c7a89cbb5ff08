//! Rules and templates are embedded; a file that is added there must rebuild the crate.

fn main() {
    for folder in ["rules", "templates"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
