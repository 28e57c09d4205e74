//! Reading columns of rows into types: a text that is parsed, one bare word of an enum, JSON.

use rusqlite::types::Type;
use rusqlite::{Error, Row};
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use std::str::FromStr;

/// A column with the text of an id, a version and the like.
///
/// # Errors
/// When the column holds no text, or text of another form.
pub fn parsed<T: FromStr<Err = String>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    row.get_ref(column)?.as_str()?.parse().map_err(|error: String| unreadable(column, error))
}

/// A column that holds one bare word of an enum.
///
/// # Errors
/// When the column holds no text, or a word the enum does not have.
pub fn word<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: StrDeserializer<'_, serde::de::value::Error> =
        row.get_ref(column)?.as_str()?.into_deserializer();
    T::deserialize(text).map_err(|error| unreadable(column, error))
}

/// A column that holds JSON.
///
/// # Errors
/// When the column holds no text, or JSON of another shape.
pub fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, error.into())
}
