//! Forms: fields of a POST, taken only with the mark of our own pages. What somebody wrote is held until the answer is
//! made, so that a refusal shows it again instead of losing it.

use super::caller::Visitor;
use super::page::Failure;
use super::site::Shared;
use crate::base::Problem;
use axum::body::{Body, Bytes};
use axum::extract::{Form, FromRequest, FromRequestParts as _, Multipart, Request};
use axum::http::Extensions;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

/// Fields that hold no words of anybody: they go back as they came, and are not shown.
const UNSEEN: [&str; 6] = ["hash", "opened", "from", "id", "step", "again"];
/// Fields that no page shows again.
const NEVER: [&str; 3] = ["csrf", "password", "old"];

/// What came with a form, for the page that says why nothing was done with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Held(Arc<OnceLock<Vec<Field>>>);

/// One field of a form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Field {
    name: String,
    text: String,
    /// Somebody's words, or something the page put in.
    shown: bool,
}

impl Held {
    /// Every field, where somebody wrote something.
    pub(super) fn fields(&self) -> &[Field] {
        let fields = self.0.get().map_or(&[][..], Vec::as_slice);
        let written = fields.iter().any(|field| field.shown && !field.text.trim().is_empty());
        if written { fields } else { &[] }
    }

    fn take(extensions: &Extensions, fields: impl Iterator<Item = (String, String)>) {
        let Some(Self(held)) = extensions.get::<Self>() else { return };
        let fields = fields.filter(|(name, _)| !NEVER.contains(&name.as_str()));
        let field = |(name, text): (String, String)| {
            let shown = !UNSEEN.contains(&name.as_str());
            Field { name, text: text.replace("\r\n", "\n"), shown }
        };
        held.get_or_init(|| fields.map(field).collect());
    }
}

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
        let read = Bytes::from_request(Request::from_parts(parts.clone(), body), site).await;
        let bytes = read.map_err(|error| Failure::Refused(error.status(), error.body_text()))?;
        Held::take(&parts.extensions, url::form_urlencoded::parse(&bytes).into_owned());
        let request = Request::from_parts(parts, Body::from(bytes));
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

impl FromRequest<Shared> for WithFile {
    type Rejection = Failure;
    async fn from_request(request: Request, site: &Shared) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, site).await?;
        let extensions = parts.extensions.clone();
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
        Held::take(&extensions, found.fields.iter().cloned());
        let csrf = found.fields.iter().find(|(name, _)| name == "csrf").map_or("", |(_, text)| text);
        found.visitor.check(csrf)?;
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
