//! `sopd sop verify`

use crate::base::Problem;
use crate::base::text::counted;
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front;

pub(super) fn run(desk: &Desk) -> Done {
    let checked = front::verify_folder(&desk.open()?)?;
    if desk.json {
        print::json(&checked.shape())?;
    } else {
        for wrong in &checked.wrong {
            print::line(&format!("wrong: {wrong}"))?;
        }
        print::line(&format!("as approved: {}", counted(checked.intact, "file")))?;
    }
    if checked.wrong.is_empty() {
        return Ok(());
    }
    Err(Problem::failed(format!("{} wrong in the registry's folder", counted(checked.wrong.len(), "thing")))
        .into())
}
