//! References from one SOP to another: `[[SOP-REV-lead-routing]]`, with a version as `[[SOP-REV-lead-routing v1.2]]`.

use super::fences;
use super::id::{SopId, Version};

/// What stands between the brackets of every reference in the prose of `text`, each once, in order; in a
/// fenced command `[[ … ]]` is a test of the shell.
pub fn written(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in fences::prose(text).split("[[").skip(1) {
        if let Some((inside, _)) = piece.split_once("]]") {
            let inside = inside.trim().to_owned();
            if !inside.contains('\n') && !found.contains(&inside) {
                found.push(inside);
            }
        }
    }
    found
}

/// Reads the inside of a reference; `-v1.2` and ` v1.2` name a version.
pub fn read(inside: &str) -> Result<(SopId, Option<Version>), String> {
    let cut = inside.split_once(" v").or_else(|| inside.rsplit_once("-v"));
    if let Some((id, version)) = cut
        && version.starts_with(|c: char| c.is_ascii_digit())
    {
        return Ok((id.trim().parse()?, Some(version.trim().parse()?)));
    }
    Ok((inside.parse()?, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_test_is_no_reference() {
        assert_eq!(
            written("See [[SOP-REV-a]].\n\n```bash\n[[ -n $INPUT_A ]] || exit 1\n```\n"),
            ["SOP-REV-a"]
        );
    }

    #[test]
    fn references_are_read_with_and_without_a_version() {
        let found = written("see [[SOP-REV-a]], [[SOP-REV-a v1.2]], [[SOP-REV-b-v2.0]] and [[SOP-REV-a]]");
        assert_eq!(found, ["SOP-REV-a", "SOP-REV-a v1.2", "SOP-REV-b-v2.0"]);
        let read = |inside| read(inside).map(|(id, v)| (id.to_string(), v.map(|v| v.to_string())));
        assert_eq!(read("SOP-REV-a"), Ok(("SOP-REV-a".into(), None)));
        assert_eq!(read("SOP-REV-a v1.2"), Ok(("SOP-REV-a".into(), Some("1.2".into()))));
        assert_eq!(read("SOP-REV-b-v2.0"), Ok(("SOP-REV-b".into(), Some("2.0".into()))));
        assert!(read("SOP-rev-a").is_err());
    }
}
