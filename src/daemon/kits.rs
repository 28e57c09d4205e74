//! The kinds of company a workspace can begin as. A kit is a folder of files like a workspace's own, and its settings;
//! `software` is the repository's own roster.

use super::workspace::SETTINGS_FILE;
use crate::base::{Problem, files, problem::Result};
use rust_embed::RustEmbed;
use std::path::Path;

/// The kit that counts where none is named.
const USUAL: &str = "software";
/// Every kit, the usual one first.
pub const KITS: [&str; 4] = [USUAL, "field-service", "clinic", "small"];
/// How the settings of a workspace say which kit it began as.
const MARK: &str = "# The kit this workspace began as: ";
/// Most bytes of settings that are looked at.
const MOST: u64 = 1024 * 1024;

#[derive(RustEmbed)]
#[folder = "kits"]
#[include = "*/settings.yaml"]
#[include = "*.md"]
struct Files;

/// A kit by its name, as far as it differs from the usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kit(&'static str);

impl Kit {
    /// The kit a folder gets: the named one for a new workspace, for any other the one it began as.
    pub(super) fn of(root: &Path, named: Option<&str>) -> Result<Self> {
        let known = |name: &str| KITS.into_iter().find(|kit| *kit == name);
        let wanted = match named {
            None => None,
            Some(name) => Some(known(name).ok_or_else(|| {
                Problem::invalid(format!("there is no kit `{name}`"))
                    .hint(format!("name one of {}", crate::base::text::listed(&KITS)))
            })?),
        };
        let path = root.join(SETTINGS_FILE);
        if !path.is_file() {
            return Ok(Self(wanted.unwrap_or(USUAL)));
        }
        let text = files::read_text(&path, MOST)?;
        let began = text.lines().find_map(|line| known(line.strip_prefix(MARK)?.trim())).unwrap_or(USUAL);
        match wanted {
            Some(wanted) if wanted != began => Err(Problem::conflict(format!(
                "{} is a workspace of the kit `{began}` already",
                root.display()
            ))
            .hint("a kit is chosen once: name a new folder, or change this roster with `sopd agents new` and `retire`")),
            _ => Ok(Self(began)),
        }
    }

    /// Whether the repository's own roster, examples and settings are meant.
    pub(super) fn is_usual(self) -> bool {
        self.0 == USUAL
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        self.0
    }

    /// Its files, by their place in a workspace.
    pub(super) fn files(self) -> Vec<(String, Vec<u8>)> {
        let folder = format!("{}/", self.0);
        let names = Files::iter().filter_map(|name| Some(name.strip_prefix(&folder)?.to_owned()));
        let mut found: Vec<(String, Vec<u8>)> = names
            .filter(|name| Path::new(name).extension().is_some_and(|end| end == "md"))
            .filter_map(|name| {
                Some((name.clone(), Files::get(&format!("{folder}{name}"))?.data.into_owned()))
            })
            .collect();
        found.sort();
        found
    }

    /// The shipped settings with this kit's own in place of those they stand for.
    pub(super) fn settings(self, shipped: &str) -> String {
        let own = Files::get(&format!("{}/settings.yaml", self.0));
        let own = own.map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default();
        let replaced = |paragraph: &&str| {
            paragraph.lines().any(|line| line.starts_with("#requester:") || line.starts_with("#publication:"))
        };
        let mut shipped = shipped.split("\n\n").filter(|paragraph| !replaced(paragraph));
        let head = shipped.next().unwrap_or_default();
        let rest: Vec<&str> = shipped.collect();
        format!("{head}\n\n{MARK}{}\n\n{}\n\n{}", self.0, own.trim_end(), rest.join("\n\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::{self, Roster};
    use crate::settings::Settings;

    #[test]
    fn every_kit_is_a_company_that_reads_and_whose_settings_name_its_own() {
        for kit in KITS.into_iter().filter(|kit| *kit != USUAL).map(Kit) {
            let files = kit.files();
            let agents = files.iter().filter(|(name, _)| name.starts_with("agents/"));
            let agents =
                agents.map(|(name, bytes)| roster::parse(name, std::str::from_utf8(bytes).unwrap()).unwrap());
            let roster = Roster::new(agents).unwrap();
            assert_eq!(roster.check(), [], "{kit:?}");
            let settings =
                Settings::parse(SETTINGS_FILE, &kit.settings(include_str!("../../sopd.yaml"))).unwrap();
            let path = &settings.publication;
            let named = [&settings.requester, &path.signs, &path.interim.forwards, &path.interim.signs];
            for id in named.into_iter().chain(&path.deputy).chain([&settings.runs.trigger_party]) {
                assert!(roster.get(id).is_some_and(roster::Agent::is_active), "{kit:?}: {id}");
            }
            assert!(files.iter().any(|(name, _)| name.starts_with("missions/examples/1-")), "{kit:?}");
        }
    }
}
