//! What one endpoint has taught us. How the token limit is called and whether temperature may be set is the server's;
//! which format of an answer it takes is a matter of each schema, since a refusal may be about that schema alone.
//! A looser format is a lesson for a while only: servers are upgraded, and what was given up must come back.

use super::AnswerFormat;
use super::dialect::Dialect;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long a schema is asked for more loosely before the strict form is tried again.
const FOR: Duration = Duration::from_hours(1);
/// Answers in a row that do not fit a strict schema before it is taken to be ignored: one is an answer to repair.
const IGNORED_AFTER: u32 = 2;

#[derive(Debug, Default)]
pub(super) struct Learnt {
    server: Dialect,
    schemas: BTreeMap<String, Lesson>,
}

#[derive(Clone, Copy, Debug)]
struct Lesson {
    format: AnswerFormat,
    since: Instant,
    unfit: u32,
}

impl Learnt {
    /// How to ask for `schema` at `now`.
    pub(super) fn dialect(&self, schema: &str, now: Instant) -> Dialect {
        let lesson = self.schemas.get(schema).filter(|lesson| now.duration_since(lesson.since) < FOR);
        self.server.with(lesson.map_or(AnswerFormat::JsonSchema, |lesson| lesson.format))
    }

    /// Keeps a dialect that brought an answer. `fits` is whether an answer to a strict schema fits it; `None` where the
    /// server was not held to one.
    pub(super) fn keep(&mut self, schema: &str, (dialect, fits): (Dialect, Option<bool>), now: Instant) {
        self.server = self.server.and(dialect);
        let fresh = Lesson { format: dialect.format, since: now, unfit: 0 };
        let lesson = self.schemas.entry(schema.to_owned()).or_insert(fresh);
        if now.duration_since(lesson.since) >= FOR {
            *lesson = fresh;
        }
        let mut format = lesson.format.max(dialect.format);
        lesson.unfit = if fits == Some(false) { lesson.unfit + 1 } else { 0 };
        if lesson.unfit >= IGNORED_AFTER {
            format = dialect.looser().map_or(format, |looser| looser.format);
            lesson.unfit = 0;
        }
        if format != lesson.format || (format != AnswerFormat::JsonSchema && lesson.since == now) {
            tracing::warn!(schema, format = ?format, "the model server does not keep to this schema; it is asked otherwise for an hour");
            (lesson.format, lesson.since) = (format, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_counts_for_its_schema_and_for_a_while() {
        let (mut learnt, now) = (Learnt::default(), Instant::now());
        let (strict, object) = (Dialect::default(), Dialect::default().looser().unwrap());
        learnt.keep("perform", (object, None), now);
        assert_eq!(learnt.dialect("perform", now).format, AnswerFormat::JsonObject);
        assert_eq!(learnt.dialect("plan", now).format, AnswerFormat::JsonSchema, "it was never refused");
        let later = now + FOR;
        assert_eq!(learnt.dialect("perform", later).format, AnswerFormat::JsonSchema, "it is tried again");
        learnt.keep("perform", (strict, Some(true)), later);
        assert_eq!(learnt.dialect("perform", later).format, AnswerFormat::JsonSchema);
        // One unfit answer is repaired; only a row of them says that the schema is ignored.
        for fits in [false, true, false] {
            learnt.keep("plan", (strict, Some(fits)), now);
        }
        assert_eq!(learnt.dialect("plan", now).format, AnswerFormat::JsonSchema);
        learnt.keep("plan", (strict, Some(false)), now);
        assert_eq!(learnt.dialect("plan", now).format, AnswerFormat::JsonObject);
    }
}
