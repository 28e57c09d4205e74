//! TLS with files of one's own. Every connection shakes hands by itself, so that a slow one holds up nobody.

use crate::base::{Problem, files, problem::Result};
use axum::serve::Listener;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// Longest a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes that are done and wait to be served.
const READY: usize = 64;

/// Reads certificate chain and key. A key that others may read is refused.
pub(super) fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor> {
    let data = std::fs::metadata(key).map_err(|error| files::explain(key, &error))?;
    if data.permissions().mode() & 0o077 != 0 {
        return Err(Problem::invalid(format!("{} may be read by others than its owner", key.display()))
            .hint(format!("chmod 600 {}", key.display())));
    }
    let odd = |path: &Path, error: &dyn std::fmt::Display| {
        Problem::invalid(format!("{} cannot be used for TLS: {error}", path.display()))
            .hint("write a PEM file: the certificate with its chain, and its private key")
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| odd(certificate, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| odd(key, &error))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, private);
    Ok(TlsAcceptor::from(Arc::new(config.map_err(|error| odd(certificate, &error))?)))
}

/// Connections that have shaken hands.
pub(super) struct Handshaken {
    there: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl Handshaken {
    pub(super) fn new(mut listener: TcpListener, acceptor: TlsAcceptor) -> io::Result<Self> {
        let there = listener.local_addr()?;
        let (give, ready) = mpsc::channel(READY);
        tokio::spawn(async move {
            while !give.is_closed() {
                let (stream, from) = Listener::accept(&mut listener).await;
                // Events are short, and must not wait until the one before is acknowledged.
                drop(stream.set_nodelay(true));
                let (acceptor, give) = (acceptor.clone(), give.clone());
                tokio::spawn(async move {
                    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        // When nobody takes it any more, we are stopping.
                        Ok(Ok(stream)) => drop(give.send((stream, from)).await),
                        Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
                        Err(_late) => tracing::debug!("a handshake took too long"),
                    }
                });
            }
        });
        Ok(Self { there, ready })
    }
}

impl Listener for Handshaken {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The one who accepts is gone, and nothing comes any more.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.there)
    }
}
