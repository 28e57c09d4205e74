//! The small words English sentences are held together by: articles, what opens a condition, who is nobody in
//! particular; and the names that need no article.

pub(crate) const CONDITIONS: [&str; 22] = [
    "if", "when", "whenever", "once", "after", "before", "on", "at", "in", "within", "every", "for", "until",
    "by", "during", "unless", "as", "where", "from", "upon", "with", "without",
];

pub(crate) const DETERMINERS: [&str; 18] = [
    "the", "a", "an", "our", "their", "each", "every", "all", "his", "her", "its", "my", "your", "any",
    "some", "this", "that", "these",
];

/// Subjects that say no more than "whoever has the task".
pub(crate) const NOBODY_IN_PARTICULAR: [&str; 8] =
    ["we", "i", "you", "they", "somebody", "someone", "everybody", "everyone"];

/// Number words that begin a subject: `two directors`.
pub(crate) const NUMBERS: [&str; 4] = ["two", "three", "four", "five"];

/// Departments are written in lower case and without an article.
const DEPARTMENTS: [&str; 15] = [
    "finance",
    "purchasing",
    "procurement",
    "legal",
    "sales",
    "marketing",
    "support",
    "engineering",
    "operations",
    "accounting",
    "security",
    "product",
    "hr",
    "payroll",
    "recruiting",
];

pub(crate) fn bare(token: &str) -> String {
    token.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// Whether a word names a department.
pub(crate) fn is_department(token: &str) -> bool {
    DEPARTMENTS.contains(&bare(token).as_str())
}

/// Whether a subject can begin with this word in the middle of a sentence.
pub(crate) fn starts_subject(token: &str) -> bool {
    is_department(token)
        || DETERMINERS.contains(&bare(token).as_str())
        || NOBODY_IN_PARTICULAR.contains(&bare(token).as_str())
        || NUMBERS.contains(&bare(token).as_str())
        || bare(token) == "whoever"
        || token.chars().next().is_some_and(char::is_uppercase)
}
