//! Certificates of the server's own making, and what a client offers before it says anything.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// What a certificate for 127.0.0.1 is like. Each is signed by itself alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cert {
    /// As it should be.
    Plain,
    /// It was good until 2021.
    Expired,
    /// It says that it is an authority, as OpenSSL's do unless told otherwise.
    Authority,
}

const ALL: [Cert; 3] = [Cert::Plain, Cert::Expired, Cert::Authority];

/// The server's end of TLS.
pub struct Tls {
    configs: HashMap<Cert, Arc<ServerConfig>>,
    /// All certificates as PEM.
    pub pem: String,
}

impl Tls {
    pub fn new() -> Self {
        let (mut configs, mut pem) = (HashMap::new(), String::new());
        for cert in ALL {
            let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
            match cert {
                Cert::Plain => {}
                Cert::Expired => {
                    params.not_before = date_time_ymd(2020, 1, 1);
                    params.not_after = date_time_ymd(2021, 1, 1);
                }
                Cert::Authority => params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            }
            let key = KeyPair::generate().unwrap();
            let signed = params.self_signed(&key).unwrap();
            pem += &signed.pem();
            let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
            let provider = Arc::new(aws_lc_rs::default_provider());
            let config = ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![signed.der().clone()], key);
            configs.insert(cert, Arc::new(config.unwrap()));
        }
        Self { configs, pem }
    }

    /// Shakes hands. Answers with the protocols that the client offered, too.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        cert: Cert,
    ) -> io::Result<(TlsStream<S>, Vec<String>)> {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let offered = start.client_hello().alpn().into_iter().flatten();
        let offered = offered.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let stream = start.into_stream(Arc::clone(&self.configs[&cert])).await?;
        Ok((stream, offered))
    }
}
