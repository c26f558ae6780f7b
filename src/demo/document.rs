//! A demonstration feed as the document that its server sends. Pure: the same feed, start and
//! elapsed time make the same bytes, so that validators hold.

use std::fmt::Write as _;
use std::time::Duration;

use encoding_rs::WINDOWS_1251;
use serde_json::json;

use super::script::{DemoFeed, DemoItem, Form};
use crate::model::Timestamp;

/// Where the items' links point: a name that never resolves (RFC 2606).
const SITE: &str = "https://demo.invalid";

impl DemoFeed {
    /// The items that have appeared, newest first, each with its number in the script, from 1.
    pub fn shown(&self, elapsed: Duration) -> Vec<(usize, &'static DemoItem)> {
        let mut shown: Vec<_> = (1..)
            .zip(self.items)
            .filter(|(_, item)| Duration::from_secs(item.at) <= elapsed)
            .collect();
        shown.reverse();
        shown
    }

    /// When the newest item that has appeared came out.
    pub fn modified(&self, started: Timestamp, elapsed: Duration) -> Timestamp {
        let newest = self.shown(elapsed).first().map_or(0, |(_, item)| item.at);
        started.plus(Duration::from_secs(newest))
    }

    /// What the server says in Content-Type. It never names the charset: some must be read from
    /// the document.
    pub fn content_type(&self) -> &'static str {
        match self.form {
            Form::Rss | Form::RssWindows1251 | Form::RssBroken => "application/rss+xml",
            Form::Rdf => "application/rdf+xml",
            Form::Atom => "application/atom+xml",
            Form::Json => "application/feed+json",
        }
    }
}

/// The document of `feed`, `elapsed` after the newsroom opened at `started`.
pub fn document(feed: &DemoFeed, started: Timestamp, elapsed: Duration) -> Vec<u8> {
    match feed.form {
        Form::Rss | Form::RssBroken => rss(feed, "utf-8", started, elapsed).into_bytes(),
        Form::RssWindows1251 => {
            let text = rss(feed, "windows-1251", started, elapsed);
            WINDOWS_1251.encode(&text).0.into_owned()
        }
        Form::Rdf => rdf(feed, started, elapsed).into_bytes(),
        Form::Atom => atom(feed, started, elapsed).into_bytes(),
        Form::Json => json_feed(feed, started, elapsed).into_bytes(),
    }
}

fn rss(feed: &DemoFeed, encoding: &str, started: Timestamp, elapsed: Duration) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n<rss version=\"2.0\"><channel>\n\
         <title>{}</title>\n<link>{SITE}/{}</link>\n<description>{}</description>\n\
         <language>{}</language>\n",
        xml(feed.title),
        feed.id,
        xml(feed.disclaimer),
        feed.language
    );
    for (number, item) in feed.shown(elapsed) {
        let title = if feed.form == Form::RssBroken { broken(item.title) } else { xml(item.title) };
        let _ = write!(
            out,
            "<item>\n<title>{title}</title>\n<link>{}</link>\n\
             <guid isPermaLink=\"false\">{}:{number}</guid>\n<pubDate>{}</pubDate>\n\
             <description>{}</description>\n</item>\n",
            link(feed, number),
            feed.id,
            http_date(out_at(item, started)),
            xml(&html(feed, item))
        );
    }
    out.push_str("</channel></rss>\n");
    out
}

fn rdf(feed: &DemoFeed, started: Timestamp, elapsed: Duration) -> String {
    let shown = feed.shown(elapsed);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" \
         xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n\
         <channel rdf:about=\"{SITE}/{id}\">\n<title>{}</title>\n<link>{SITE}/{id}</link>\n\
         <description>{}</description>\n<dc:language>{}</dc:language>\n<items><rdf:Seq>\n",
        xml(feed.title),
        xml(feed.disclaimer),
        feed.language,
        id = feed.id,
    );
    for (number, _) in &shown {
        let _ = writeln!(out, "<rdf:li rdf:resource=\"{}\"/>", link(feed, *number));
    }
    out.push_str("</rdf:Seq></items>\n</channel>\n");
    for (number, item) in shown {
        let url = link(feed, number);
        let _ = write!(
            out,
            "<item rdf:about=\"{url}\">\n<title>{}</title>\n<link>{url}</link>\n\
             <dc:date>{}</dc:date>\n<description>{}</description>\n</item>\n",
            xml(item.title),
            out_at(item, started),
            xml(&html(feed, item))
        );
    }
    out.push_str("</rdf:RDF>\n");
    out
}

fn atom(feed: &DemoFeed, started: Timestamp, elapsed: Duration) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n\
         <id>tag:demo.invalid,2026:{id}</id>\n<title>{}</title>\n<subtitle>{}</subtitle>\n\
         <link href=\"{SITE}/{id}\"/>\n<updated>{}</updated>\n\
         <author><name>{}</name></author>\n",
        feed.language,
        xml(feed.title),
        xml(feed.disclaimer),
        feed.modified(started, elapsed),
        xml(feed.title),
        id = feed.id,
    );
    for (number, item) in feed.shown(elapsed) {
        let at = out_at(item, started);
        let _ = write!(
            out,
            "<entry>\n<id>tag:demo.invalid,2026:{}:{number}</id>\n<title>{}</title>\n\
             <link href=\"{}\"/>\n<published>{at}</published>\n<updated>{at}</updated>\n\
             <summary type=\"html\">{}</summary>\n</entry>\n",
            feed.id,
            xml(item.title),
            link(feed, number),
            xml(&html(feed, item))
        );
    }
    out.push_str("</feed>\n");
    out
}

fn json_feed(feed: &DemoFeed, started: Timestamp, elapsed: Duration) -> String {
    let items: Vec<_> = feed
        .shown(elapsed)
        .into_iter()
        .map(|(number, item)| {
            json!({
                "id": format!("{}:{number}", feed.id),
                "url": link(feed, number),
                "title": item.title,
                "content_html": html(feed, item),
                "date_published": out_at(item, started),
                "authors": [{ "name": feed.title }],
            })
        })
        .collect();
    let document = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": format!("{SITE}/{}", feed.id),
        "description": feed.disclaimer,
        "language": feed.language,
        "items": items,
    });
    format!("{document:#}\n")
}

fn link(feed: &DemoFeed, number: usize) -> String {
    format!("{SITE}/{}/{number}", feed.id)
}

fn html(feed: &DemoFeed, item: &DemoItem) -> String {
    format!("{} {}", item.html, feed.disclaimer)
}

fn out_at(item: &DemoItem, started: Timestamp) -> Timestamp {
    started.plus(Duration::from_secs(item.at))
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// As careless publishers write it.
fn broken(text: &str) -> String {
    text.replace('\u{a0}', "&nbsp;").replace('–', "&ndash;")
}

/// The time as HTTP (RFC 9110 §5.6.7) and RSS write it.
pub(super) fn http_date(time: Timestamp) -> String {
    let since = Duration::from_millis(time.as_millis().max(0).unsigned_abs());
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + since)
}
