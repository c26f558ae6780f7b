use super::*;
use crate::guard::AllowEntry;

fn network(allow: &[&str]) -> Network {
    let allow = allow.iter().map(|entry| AllowEntry::parse(entry).unwrap()).collect();
    let options = ClientOptions {
        user_agent: "test".into(),
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(5),
    };
    Network::new(Guard::new(allow), options)
}

async fn straight(network: &Network, url: &Url) -> Result<Client, NetError> {
    network.client(url, &Route::default()).await
}

#[tokio::test]
async fn addresses_written_in_a_url_are_checked_in_every_spelling() {
    let network = network(&[]);
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0"] {
        let url = Url::parse(&format!("http://{host}/feed")).unwrap();
        assert!(
            matches!(straight(&network, &url).await, Err(NetError::Forbidden { .. })),
            "{host}"
        );
    }
    let url = Url::parse("file:///etc/passwd").unwrap();
    assert!(matches!(straight(&network, &url).await, Err(NetError::Scheme { .. })));
}

#[tokio::test]
async fn names_are_checked_by_the_address_and_port_they_lead_to() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = Url::parse(&format!("http://localhost:{port}/")).unwrap();
    let other = if port == u16::MAX { 1 } else { port + 1 };
    for allow in [vec![], vec![format!("127.0.0.1:{other}"), format!("[::1]:{other}")]] {
        let allow: Vec<&str> = allow.iter().map(String::as_str).collect();
        let error = straight(&network(&allow), &url).await.unwrap().get(url.clone()).send().await;
        let error = error.expect_err("no connection is made");
        let mut source = std::error::Error::source(&error);
        let mut found = false;
        while let Some(error) = source {
            found |= matches!(error.downcast_ref(), Some(ResolveError::Forbidden { .. }));
            source = error.source();
        }
        assert!(found, "{error:?}");
    }
}
