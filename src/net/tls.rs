//! TLS: whom to trust, and what is wrong when a handshake fails.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
};
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

/// Trusts what the system trusts, and `roots`. A system without any certificate is no error before
/// one is asked for: most likely the package is missing, and HTTP works without.
pub(super) fn verifier(roots: Option<&Roots>) -> Arc<dyn ServerCertVerifier> {
    let named: Vec<CertificateDer<'static>> = roots
        .iter()
        .flat_map(|roots| roots.0.iter())
        .map(|der| CertificateDer::from(der.clone()))
        .collect();
    let usual = Verifier::new_with_extra_roots(named.clone(), provider());
    Arc::new(Naming { usual, named })
}

/// The usual verifier, and certificates that the config names itself. OpenSSL writes into one that
/// signs for itself that it is an authority, unless told otherwise; and an authority's is not taken
/// from a server (RFC 5280 §4.2.1.9) unless it is the very one that is named.
#[derive(Debug)]
struct Naming {
    /// Or why there is none.
    usual: Result<Verifier, Error>,
    named: Vec<CertificateDer<'static>>,
}

impl Naming {
    fn usual(&self) -> Result<&Verifier, Error> {
        self.usual.as_ref().map_err(Clone::clone)
    }
}

impl ServerCertVerifier for Naming {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let usual =
            self.usual()?.verify_server_cert(end_entity, intermediates, name, ocsp_response, now);
        match usual {
            // Its dates have been looked at before that.
            Err(error) if is_of_authority(&error) && self.named.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            usual => usual,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual()?.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual()?.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a server's certificate is refused because it is one of an authority. rustls hands this
/// on from below, where it has no better name.
fn is_of_authority(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::Other(below))
        if below.to_string() == "CaUsedAsEndEntity")
}

/// TLS 1.2 or 1.3, without a protocol named (ALPN).
pub(super) fn config_without_protocol(
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, Error> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
        // Only a verifier that is given has the system's roots and a feed's own.
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// The same, with HTTP/2 offered unless it is not wanted.
pub(super) fn config(
    verifier: Arc<dyn ServerCertVerifier>,
    http1_only: bool,
    trace: Option<&Arc<Trace>>,
) -> Result<ClientConfig, Error> {
    let mut config = config_without_protocol(verifier)?;
    if !http1_only {
        config.alpn_protocols.push(b"h2".to_vec());
    }
    config.alpn_protocols.push(b"http/1.1".to_vec());
    if let Some(trace) = trace {
        config.resumption = Resumption::store(Arc::new(Handshakes(Arc::clone(trace))));
    }
    Ok(config)
}

const UNTRUSTED: &str = "the server's certificate is from an issuer that is not trusted here; if it \
    is a server of your own, name its certificate in `ca_file`";

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
        Error::InvalidCertificate(Bad::UnknownIssuer) => UNTRUSTED.to_owned(),
        error if is_of_authority(error) => UNTRUSTED.to_owned(),
        Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            "the server's certificate is for another name".to_owned()
        }
        Error::InvalidCertificate(Bad::Revoked) => {
            "the server's certificate was revoked".to_owned()
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "the server speaks no TLS 1.2 or 1.3".to_owned()
        }
        Error::General(message) if message.contains("No CA certificates") => {
            "this system has no certificates of authorities; install the package ca-certificates"
                .to_owned()
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
