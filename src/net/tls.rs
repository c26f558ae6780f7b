//! TLS: whom to trust, and what is wrong when a handshake fails.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::trace::{Handshakes, Trace};
use crate::model::Roots;

/// Reads certificates from PEM text, as a feed's `ca_file` holds them.
///
/// # Errors
/// In words, if there is none, or one that cannot be used.
pub fn read_roots(pem: &[u8]) -> Result<Roots, String> {
    let mut store = RootCertStore::empty();
    let mut roots = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| format!("is no PEM: {error}"))?;
        store
            .add(certificate.clone())
            .map_err(|error| format!("holds a certificate that cannot be used: {error}"))?;
        roots.push(certificate.to_vec());
    }
    if roots.is_empty() {
        return Err("holds no certificate in PEM form".to_owned());
    }
    Ok(Roots(roots.into()))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Trusts what the system trusts, and `roots`.
pub(super) fn verifier(roots: Option<&Roots>) -> Result<Arc<Verifier>, Error> {
    let own = roots.iter().flat_map(|roots| roots.0.iter());
    let own = own.map(|der| CertificateDer::from(der.clone()));
    Verifier::new_with_extra_roots(own, provider()).map(Arc::new)
}

/// TLS 1.2 or 1.3, with HTTP/2 offered unless it is not wanted.
pub(super) fn config(
    verifier: Arc<dyn ServerCertVerifier>,
    http1_only: bool,
    trace: Option<&Arc<Trace>>,
) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
        // Only a verifier that is given has the system's roots and a feed's own.
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    if !http1_only {
        config.alpn_protocols.push(b"h2".to_vec());
    }
    config.alpn_protocols.push(b"http/1.1".to_vec());
    if let Some(trace) = trace {
        config.resumption = Resumption::store(Arc::new(Handshakes(Arc::clone(trace))));
    }
    Ok(config)
}

/// What is wrong, in words for whoever watches the feed.
pub fn explain(error: &Error) -> String {
    use CertificateError as Bad;
    match error {
        Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
            "the server's certificate has expired".to_owned()
        }
        Error::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => {
            "the server's certificate is not valid yet; is the clock of this machine right?"
                .to_owned()
        }
        Error::InvalidCertificate(Bad::UnknownIssuer) => {
            "the server's certificate is from an issuer that is not trusted here; if it is a \
             server of your own, give the feed a `ca_file`"
                .to_owned()
        }
        Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            "the server's certificate is for another name".to_owned()
        }
        Error::InvalidCertificate(Bad::Revoked) => {
            "the server's certificate was revoked".to_owned()
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "the server speaks no TLS 1.2 or 1.3".to_owned()
        }
        Error::AlertReceived(alert) => format!("the server refuses TLS: {alert:?}"),
        other => format!("TLS: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused_with_why() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let cases = [
            ("", "no certificate"),
            ("hello", "no certificate"),
            (broken, "cannot be used"),
            ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "no PEM"),
        ];
        for (pem, expected) in cases {
            let told = read_roots(pem.as_bytes()).unwrap_err();
            assert!(told.contains(expected), "{pem:?}: {told}");
        }
    }
}
