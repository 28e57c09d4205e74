//! Mail: one plain text to one address, over TLS but to a server on this machine.

use super::{Fault, LONGEST_TRY};
use crate::notify::message::Message;
use crate::notify::wiring::Wiring;
use crate::settings::notifications::{Security, Smtp};
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

pub(super) async fn send(wiring: &Wiring, server: &Smtp, message: &Message) -> Result<(), Fault> {
    let transport = transport(wiring, server)?;
    let mail = mail(wiring, server, message)?;
    match tokio::time::timeout(LONGEST_TRY, transport.send(mail)).await {
        Ok(Ok(_said)) => Ok(()),
        Ok(Err(error)) if error.is_permanent() => {
            Err(Fault::Never(format!("the mail server refused the message: {error}")))
        }
        Ok(Err(error)) => Err(Fault::later(format!("the mail server could not be used: {error}"))),
        Err(_late) => Err(Fault::later("the mail server gave no answer in time")),
    }
}

fn transport(wiring: &Wiring, server: &Smtp) -> Result<AsyncSmtpTransport<Tokio1Executor>, Fault> {
    let parameters = || {
        TlsParameters::new(server.host.clone())
            .map_err(|error| Fault::later(format!("TLS to {} is not possible: {error}", server.host)))
    };
    let tls = match server.security {
        Security::Starttls => Tls::Required(parameters()?),
        Security::Tls => Tls::Wrapper(parameters()?),
        Security::None => Tls::None,
    };
    // "Dangerous" is only that encryption has to be asked for, which the line below does.
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.clone())
        .port(server.port)
        .tls(tls)
        .hello_name(ClientId::Domain("localhost".to_owned()))
        .timeout(Some(LONGEST_TRY));
    if let (Some(user), Some(password)) = (&server.user, &server.password) {
        let password = wiring.secret(password)?;
        builder = builder.credentials(Credentials::new(user.clone(), password.to_owned()));
    }
    Ok(builder.build())
}

fn mail(wiring: &Wiring, server: &Smtp, message: &Message) -> Result<lettre::Message, Fault> {
    let route = match wiring.settings.parties.get(&message.party) {
        Some(routes) => routes.get(&message.channel),
        None => wiring.settings.operations.get(&message.channel),
    };
    let to = route.and_then(|route| route.to.as_deref()).ok_or_else(|| {
        Fault::Never(format!("{} has no address at `{}` any more", message.party, message.channel))
    })?;
    let mailbox = |text: &str| {
        text.parse::<Mailbox>().map_err(|error| Fault::Never(format!("`{text}` is not an address: {error}")))
    };
    let from = mailbox(&server.from)?;
    let id = format!("<{}@{}>", message.id, from.email.domain());
    lettre::Message::builder()
        .from(from)
        .to(mailbox(to)?)
        .subject(message.subject())
        .message_id(Some(id))
        .header(ContentType::TEXT_PLAIN)
        .body(message.text())
        .map_err(|error| Fault::Never(format!("the mail cannot be written: {error}")))
}
