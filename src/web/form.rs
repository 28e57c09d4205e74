//! Forms: fields of a POST, taken only with the mark of our own pages.

use super::caller::Visitor;
use super::page::Failure;
use super::site::Shared;
use crate::base::Problem;
use axum::extract::{Form, FromRequest, FromRequestParts as _, Multipart, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The fields of a form one of our pages has shown to whoever sends it.
pub(super) struct Signed<T> {
    pub(super) visitor: Visitor,
    pub(super) fields: T,
}

#[derive(Deserialize)]
struct Marked<T> {
    csrf: String,
    #[serde(flatten)]
    fields: T,
}

impl<T: DeserializeOwned + Send> FromRequest<Shared> for Signed<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, site: &Shared) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, site).await?;
        let request = Request::from_parts(parts, body);
        let read = Form::<Marked<T>>::from_request(request, site).await;
        let Form(marked) = read.map_err(|error| Failure::Refused(error.status(), error.body_text()))?;
        visitor.check(&marked.csrf)?;
        Ok(Self { visitor, fields: marked.fields })
    }
}

/// A form with nothing but its mark.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// A form with a file.
pub(super) struct WithFile {
    pub(super) visitor: Visitor,
    /// Its text fields.
    pub(super) fields: Vec<(String, String)>,
    /// The file, by name.
    pub(super) file: Option<(String, Vec<u8>)>,
}

impl WithFile {
    /// The text of a field; empty where it is absent.
    pub(super) fn text(&self, name: &str) -> String {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

impl FromRequest<Shared> for WithFile {
    type Rejection = Failure;
    async fn from_request(request: Request, site: &Shared) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, site).await?;
        let request = Request::from_parts(parts, body);
        let refused = |error: axum::extract::multipart::MultipartError| {
            Failure::Refused(error.status(), error.body_text())
        };
        let mut parts = Multipart::from_request(request, site)
            .await
            .map_err(|error| Failure::Refused(error.status(), error.body_text()))?;
        let mut found = Self { visitor, fields: Vec::new(), file: None };
        while let Some(field) = parts.next_field().await.map_err(refused)? {
            let name = field.name().unwrap_or_default().to_owned();
            // Browsers send an empty file where none was chosen.
            if let Some(file) = field.file_name().map(str::to_owned) {
                let bytes = field.bytes().await.map_err(refused)?;
                if !file.is_empty() {
                    found.file = Some((plain_name(&file)?, bytes.to_vec()));
                }
            } else {
                found.fields.push((name, field.text().await.map_err(refused)?));
            }
        }
        found.visitor.check(&found.text("csrf"))?;
        Ok(found)
    }
}

/// The last part of a file's name, as some browsers send a whole path.
fn plain_name(name: &str) -> Result<String, Problem> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let fits = !last.is_empty() && !last.starts_with('.') && !last.chars().any(char::is_control);
    if fits && last.len() <= 200 {
        return Ok(last.to_owned());
    }
    Err(Problem::invalid("the file's name cannot be used").hint("give it a plain name, like `notes.md`"))
}
