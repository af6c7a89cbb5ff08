//! `audit rules presets`: what objectives can owe under a name.

use super::error::CommandError;
use crate::config::Settings;
use crate::config::presets::{Preset, Presets};
use crate::report::terminal;

/// All presets, ours and those of `--rules`, for people or as a JSON array.
///
/// # Errors
/// Of usage if they cannot be read.
pub(super) fn text(settings: &Settings, json: bool) -> Result<String, CommandError> {
    let presets = Presets::load(settings.rules_dir.as_deref()).map_err(CommandError::usage)?;
    if json {
        let all: Vec<&Preset> = presets.iter().collect();
        return Ok(serde_json::to_string_pretty(&all).map_err(CommandError::failed)? + "\n");
    }
    let texts = presets.iter().map(of_one).collect::<Result<Vec<_>, _>>()?;
    Ok(terminal::wrapped(&texts.join("\n"), super::style(settings)))
}

fn of_one(preset: &Preset) -> Result<String, CommandError> {
    let value = serde_json::to_value(preset).map_err(CommandError::failed)?;
    let mut text = format!("{}\n  {}\n", preset.id, preset.title);
    for (key, said) in value["objective"].as_object().into_iter().flatten() {
        text += &format!("  {key}: {}\n", said.as_str().map_or_else(|| plain(said), str::to_owned));
    }
    if let Some(note) = &preset.note {
        text += &format!("  {note}\n");
    }
    if let Some(document) = &preset.document {
        text += &format!("  as {document} states: {}\n", preset.duties.join(", "));
    }
    Ok(text)
}

/// A list or a switch, as short as YAML writes it.
fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        serde_json::Value::Object(keys) => {
            format!("{{ {} }}", keys.iter().map(|(key, value)| format!("{key}: {}", plain(value))).collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
