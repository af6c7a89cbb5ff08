# Tasks by name; `.ci/run` runs the same words on a clean machine.

# formats, lints, tests
check:
    cargo fmt --all -- --check
    cargo clippy --all-targets -- -D warnings
    cargo test
    cargo test --doc
    cargo deny check

# what docs/, reports/ and examples/ derive
docs:
    AUDIT_BLESS=1 cargo test --test it -- generated the_committed_report

# the example dataset; its report follows with `just docs`
example:
    rm -rf examples/acme/2*
    cargo run --example generate -- --resources 62 --days 90 --seed 7 --out examples/acme

# the binary against an AWS emulator, with boto3 and the AWS CLI
e2e:
    tests/e2e/setup.sh tests/e2e/.venv
    cargo build
    AUDIT_BIN="${CARGO_TARGET_DIR:-target}/debug/audit" tests/e2e/.venv/bin/python -m pytest -q -n 2 --dist loadfile tests/e2e

# the report in Chromium: axe, no requests, no horizontal scroll
browser:
    npm --prefix tests/browser ci --no-audit --no-fund
    cargo run -- --offline --dataset examples/acme --out target/report || true
    node tests/browser/check.mjs target/report/report.html target/report.png

# what deriving facts and judging cost where there are a million recovery points
bench:
    rm -rf target/bench
    cargo run --release --example generate -- --resources 1000 --days 90 --collections 1 --out target/bench/small
    cargo run --release --example multiply -- --dataset target/bench/small --accounts 3 --points 10 --out target/bench/large
    cargo run --release --example measure -- --dataset target/bench/large
    cargo run --release --example measure -- --dataset target/bench/large --rules target/bench/rules
