//! `audit report`: judges the dataset and writes files.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{CommandError, Exit};
use super::gather::{self, Depth};
use super::judge;
use super::print;
use crate::cli::ReportArgs;
use crate::config::Settings;
use crate::engine::Finding;
use crate::engine::table::to_parquet;
use crate::report::{self, Judgement, Request, View, terminal};

/// The one format that is not text: all findings of every verdict.
const PARQUET: &str = "parquet";

/// Judges and writes the formats asked for.
///
/// # Errors
/// Of usage for an unknown format; as judging; as writing.
pub(super) fn run(settings: &Settings, args: &ReportArgs) -> Result<Exit, CommandError> {
    check_formats(&args.format)?;
    let rulebook = judge::rulebook(settings)?;
    judge::with_inputs(settings, |inputs| {
        let judged = judge::judge_inputs(settings, &rulebook, inputs)?;
        let depth = if args.format.iter().any(|format| format == "html") { Depth::Pages } else { Depth::Summary };
        let judgement = gather::judgement(settings, &rulebook, inputs, judged, depth)?;
        let view = View::build(&judgement);
        let written = write(settings, &judgement, &view, &args.format, args.all)?;
        if settings.verbosity >= 0 {
            print(&terminal::summary(&view, super::style(settings)))?;
            print(&named(&written))?;
        }
        Ok(judge::exit(&judgement.findings, settings.fail_on))
    })
}

/// The names of all formats.
pub(super) fn known() -> Vec<String> {
    let mut known: Vec<String> = report::formats().into_iter().map(|format| format.name).collect();
    known.push(PARQUET.to_owned());
    known.sort();
    known
}

/// Refuses unknown formats before anything is read.
pub(super) fn check_formats(names: &[String]) -> Result<(), CommandError> {
    for name in names {
        if name != PARQUET && report::format(name).is_err() {
            let hint = format!("there are {}", known().join(", "));
            return Err(CommandError::usage(anyhow::anyhow!("there is no report format `{name}`")).hint(hint));
        }
    }
    Ok(())
}

/// Writes the formats to the folder of reports; each file is there whole or not at all.
pub(super) fn write(
    settings: &Settings,
    judgement: &Judgement,
    view: &View,
    formats: &[String],
    all: bool,
) -> Result<Vec<PathBuf>, CommandError> {
    let out = &settings.out;
    fs::create_dir_all(out).map_err(|error| unwritable(out, error))?;
    let mut written = Vec::new();
    for name in formats {
        if name == PARQUET {
            written.push(write_parquet(out, &judgement.findings)?);
            continue;
        }
        let format = report::format(name).map_err(CommandError::usage)?;
        let files = format.write(&Request { judgement, view, all }).map_err(CommandError::failed)?;
        let pages = out.join(report::PAGES);
        if files.iter().any(|file| out.join(&file.file_name).starts_with(&pages)) {
            clear(&pages)?;
        }
        for file in files {
            written.push(write_file(&out.join(file.file_name), &file.bytes)?);
        }
    }
    Ok(written)
}

/// Makes the folder of pages, and takes away the pages of an earlier run: beside a new overview they would be taken for this one's. Other files stay.
fn clear(pages: &Path) -> Result<(), CommandError> {
    fs::create_dir_all(pages).map_err(|error| unwritable(pages, error))?;
    for entry in fs::read_dir(pages).map_err(|error| unwritable(pages, error))? {
        let path = entry.map_err(|error| unwritable(pages, error))?.path();
        let is_page = path.extension().is_some_and(|extension| extension == "html");
        if is_page && fs::read_to_string(&path).is_ok_and(|text| text.contains(report::MARK)) {
            fs::remove_file(&path).map_err(|error| unwritable(&path, error))?;
        }
    }
    Ok(())
}

fn write_parquet(out: &Path, findings: &[Finding]) -> Result<PathBuf, CommandError> {
    let bytes = to_parquet(findings).map_err(CommandError::failed)?;
    write_file(&out.join("findings.parquet"), &bytes)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<PathBuf, CommandError> {
    let temporary = path.with_added_extension("tmp");
    fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path)).map_err(|error| unwritable(path, error))?;
    Ok(path.to_owned())
}

fn unwritable(path: &Path, error: std::io::Error) -> CommandError {
    let what = anyhow::Error::new(error).context(format!("cannot write {}", path.display()));
    CommandError::failed(what).effect("the dataset is untouched, but the report is not complete").hint("--out names another folder")
}

/// One line a file, and one for all pages beside the overview.
pub(super) fn named(written: &[PathBuf]) -> String {
    let is_page = |path: &&PathBuf| path.parent().is_some_and(|folder| folder.ends_with(report::PAGES));
    let (pages, files): (Vec<_>, Vec<_>) = written.iter().partition(is_page);
    let mut text: String = files.iter().map(|path| format!("wrote {}\n", path.display())).collect();
    if let Some(folder) = pages.first().and_then(|page| page.parent()) {
        text += &format!("wrote {} pages in {}\n", pages.len(), folder.display());
    }
    text
}
