//! The council matrix as data: which classes of work an outsider must see before publication (decision record
//! DR-009).

use crate::base::yaml;
use crate::roster::AgentRole;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// When the council is asked, and who sits on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Council {
    /// How many members answer. Default 3: an odd number, so that a majority exists.
    pub members: u32,
    /// Roster roles from which members are drawn. Default `[council]`.
    pub member_roles: Vec<AgentRole>,
    /// What each class of work asks for. Entries of a file change or add to the defaults; none can be dropped
    /// by leaving it out.
    #[serde(deserialize_with = "over_defaults")]
    pub classes: BTreeMap<String, CouncilLevel>,
}

/// How strongly a class asks for the council.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouncilLevel {
    /// Only when somebody asks for it.
    Optional,
    /// Asked unless the mission says `council: skip`.
    Recommended,
    /// Always asked; only the ceo may leave it out.
    Mandatory,
}

impl CouncilLevel {
    /// All of them, the strongest first.
    pub const ALL: [Self; 3] = [Self::Mandatory, Self::Recommended, Self::Optional];

    /// The word in the settings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Recommended => "recommended",
            Self::Mandatory => "mandatory",
        }
    }
}

fn matrix() -> BTreeMap<String, CouncilLevel> {
    let entry = |(class, level): (&str, CouncilLevel)| (class.to_owned(), level);
    [
        ("research-canonical", CouncilLevel::Mandatory),
        ("customer-facing-ui", CouncilLevel::Mandatory),
        ("positioning", CouncilLevel::Mandatory),
        ("sponsor-contract", CouncilLevel::Mandatory),
        ("prompt-rewrite", CouncilLevel::Mandatory),
        ("investor", CouncilLevel::Recommended),
        ("weekly-priorities", CouncilLevel::Optional),
        ("agent-request", CouncilLevel::Optional),
    ]
    .map(entry)
    .into()
}

fn over_defaults<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, CouncilLevel>, D::Error> {
    let mut classes = matrix();
    classes.extend(BTreeMap::<String, CouncilLevel>::deserialize(from)?);
    Ok(classes)
}

impl Default for Council {
    fn default() -> Self {
        Self { members: 3, member_roles: vec![AgentRole::Council], classes: matrix() }
    }
}

impl Council {
    /// A settings file, whose text is `file`, with this council in it. Everything else stays as it is.
    #[must_use]
    pub fn in_file(&self, file: &str) -> String {
        let roles: Vec<&str> = self.member_roles.iter().map(|role| role.word()).collect();
        let classes: Vec<String> =
            self.classes.iter().map(|(class, level)| format!("    {class}: {}", level.word())).collect();
        let block = format!(
            "\n  members: {}\n  member_roles: [{}]\n  classes:\n{}",
            self.members,
            roles.join(", "),
            classes.join("\n")
        );
        yaml::set_key(file, "council", Some(&block))
    }

    /// The strongest level among `classes`; [`CouncilLevel::Optional`] for none. A class the matrix does not
    /// have is an error: it could have been a misspelt mandatory one.
    pub fn level(&self, classes: &[String]) -> Result<CouncilLevel, String> {
        let mut strongest = CouncilLevel::Optional;
        for class in classes {
            let level = self.classes.get(class).ok_or_else(|| {
                let known: Vec<&str> = self.classes.keys().map(String::as_str).collect();
                let known = crate::base::text::listed(&known);
                format!("`{class}` is not a class of the council matrix, which has {known}")
            })?;
            strongest = strongest.max(*level);
        }
        Ok(strongest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn a_council_written_into_a_file_reads_back_and_leaves_the_rest() {
        let mut council = Council { members: 5, ..Council::default() };
        council.classes.insert("pricing".to_owned(), CouncilLevel::Recommended);
        for file in
            ["# mine\n", "requester: cro # she asks\ncouncil: { members: 7 }\ngit: { commit: false }\n"]
        {
            let text = council.in_file(file);
            let settings = Settings::parse("sopd.yaml", &text).unwrap();
            assert_eq!(settings.council, council, "{text}");
            assert!(file.lines().filter(|line| !line.starts_with("council")).all(|line| text.contains(line)));
        }
    }
}
