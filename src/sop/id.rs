//! `SOP-{DEPT}-{name}` and `vX.Y[.Z]` (version scheme of the founding decision record).

use std::fmt;
use std::str::FromStr;

/// `SOP-REV-lead-qualification`: department in capitals, name in lower case with hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SopId(String);

impl SopId {
    /// Joins a department code and a name that is already a slug.
    pub fn new(department: &str, name: &str) -> Result<Self, String> {
        format!("SOP-{department}-{name}").parse()
    }
    /// `REV`.
    pub fn department(&self) -> &str {
        self.0.split('-').nth(1).unwrap_or_default()
    }
    /// `lead-qualification`.
    pub fn name(&self) -> &str {
        self.0.splitn(3, '-').nth(2).unwrap_or_default()
    }
    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Longest id we accept; file names and pages must hold it.
const MAX_ID_BYTES: usize = 80;

impl FromStr for SopId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not an SOP id; write it like `SOP-REV-lead-qualification`");
        let mut parts = text.splitn(3, '-');
        let (Some("SOP"), Some(department), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let department_ok =
            (2..=8).contains(&department.len()) && department.bytes().all(|b| b.is_ascii_uppercase());
        let word_ok = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !department_ok || !name.split('-').all(word_ok) || text.len() > MAX_ID_BYTES {
            return Err(wrong());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for SopId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `X.Y`, or `X.Y.Z` for a patch (wording only). Ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Scope or mandate.
    pub major: u32,
    /// Behaviour within scope.
    pub minor: u32,
    /// Wording only; 0 is not written.
    pub patch: u32,
}

/// How far a new version goes beyond the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The first version.
    New,
    /// Scope or mandate changes.
    Major,
    /// Behaviour within scope changes.
    Minor,
    /// Wording only.
    Patch,
    /// A procedure from elsewhere as it stands: a first version, or a major change of the one in force.
    Adopt,
}

impl Version {
    /// The first version of every SOP.
    pub const FIRST: Self = Self { major: 1, minor: 0, patch: 0 };

    /// The version after this one for a change of that size.
    #[must_use]
    pub fn next(self, change: Change) -> Self {
        match change {
            Change::New => Self::FIRST,
            Change::Major | Change::Adopt => Self { major: self.major + 1, minor: 0, patch: 0 },
            Change::Minor => Self { minor: self.minor + 1, patch: 0, ..self },
            Change::Patch => Self { patch: self.patch + 1, ..self },
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 { write!(f, ".{}", self.patch) } else { Ok(()) }
    }
}

impl FromStr for Version {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not a version; write it like `1.0` or `1.2.1`");
        let number = |part: &str| part.parse::<u32>().map_err(|_not_a_number| wrong());
        let parts: Vec<&str> = text.split('.').collect();
        match parts.as_slice() {
            [major, minor] => Ok(Self { major: number(major)?, minor: number(minor)?, patch: 0 }),
            [major, minor, patch] => {
                Ok(Self { major: number(major)?, minor: number(minor)?, patch: number(patch)? })
            }
            _ => Err(wrong()),
        }
    }
}

/// Strings in every file and table.
macro_rules! written_as_text {
    ($($kind:ty),*) => {$(
        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
written_as_text!(SopId, Version);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_strict() {
        let id: SopId = "SOP-REV-lead-qualification".parse().unwrap();
        assert_eq!((id.department(), id.name()), ("REV", "lead-qualification"));
        for bad in ["", "SOP-rev-x", "SOP-REV-", "SOP-REV-a--b", "SOP-REV-Lead", "SOP-REV-../x", "REV-x"] {
            assert!(bad.parse::<SopId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn versions_grow_by_the_size_of_the_change() {
        let v: Version = "1.2".parse().unwrap();
        assert_eq!(v.next(Change::Minor).to_string(), "1.3");
        assert_eq!(v.next(Change::Patch).to_string(), "1.2.1");
        assert_eq!(v.next(Change::Patch).next(Change::Minor).to_string(), "1.3");
        assert_eq!(v.next(Change::Major).to_string(), "2.0");
        assert!("1".parse::<Version>().is_err());
    }
}
