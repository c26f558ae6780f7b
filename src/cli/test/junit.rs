//! JUnit's XML, as CI services read it.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::report::{Count, FileReport, Outcome, Report};
use crate::model::visible;

/// The longest name of a test case, in characters.
const MAX_NAME: usize = 120;

type Xml = Writer<Vec<u8>>;

/// A `testsuite` for each file and in it a `testcase` for each example: `classname` is the rule's
/// id, `name` what it expects, the place and the text.
pub(super) fn render(report: &Report<'_>) -> anyhow::Result<String> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = with_count(BytesStart::new("testsuites"), "wirewatch test", report.count);
    xml.write_event(Event::Start(suites))?;
    for file in &report.files {
        suite(&mut xml, file, &report.results)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    Ok(String::from_utf8(xml.into_inner())?)
}

fn with_count<'a>(mut element: BytesStart<'a>, name: &str, count: Count) -> BytesStart<'a> {
    element.push_attribute(("name", sound(name).as_str()));
    element.push_attribute(("tests", count.examples.to_string().as_str()));
    element.push_attribute(("failures", count.failed.to_string().as_str()));
    element.push_attribute(("errors", "0"));
    element
}

fn suite(xml: &mut Xml, file: &FileReport, results: &[Outcome<'_>]) -> anyhow::Result<()> {
    let suite = with_count(BytesStart::new("testsuite"), &file.path, file.count);
    xml.write_event(Event::Start(suite))?;
    for result in results.iter().filter(|result| result.file == file.path) {
        case(xml, result)?;
    }
    if !file.untested.is_empty() {
        let text = format!("rules without examples: {}", file.untested.join(", "));
        element(xml, BytesStart::new("system-out"), &text)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuite")))?;
    Ok(())
}

fn case(xml: &mut Xml, result: &Outcome<'_>) -> anyhow::Result<()> {
    let text = [result.title, result.summary, result.content].join(" ");
    let name = format!("{} at {}:{}: {}", result.expects, result.line, result.column, text.trim());
    let short: String = name.chars().take(MAX_NAME).collect();
    let mut case = BytesStart::new("testcase");
    case.push_attribute(("classname", result.rule));
    case.push_attribute(("name", sound(&short).as_str()));
    case.push_attribute(("file", sound(&result.file).as_str()));
    case.push_attribute(("line", result.line.to_string().as_str()));
    let Some(problem) = &result.problem else {
        xml.write_event(Event::Empty(case))?;
        return Ok(());
    };
    xml.write_event(Event::Start(case))?;
    let mut failure = BytesStart::new("failure");
    failure.push_attribute(("message", sound(&problem.message).as_str()));
    failure.push_attribute(("type", result.expects));
    element(xml, failure, &problem.to_string())?;
    xml.write_event(Event::End(BytesEnd::new("testcase")))?;
    Ok(())
}

fn element(xml: &mut Xml, start: BytesStart<'_>, text: &str) -> anyhow::Result<()> {
    let end = start.to_end().into_owned();
    xml.write_event(Event::Start(start))?;
    let lines: Vec<String> = text.lines().map(sound).collect();
    xml.write_event(Event::Text(BytesText::new(&lines.join("\n"))))?;
    xml.write_event(Event::End(end))?;
    Ok(())
}

/// One line of text with nothing in it that XML forbids or that does something to a terminal.
fn sound(text: &str) -> String {
    visible(text)
        .chars()
        .map(|c| if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c })
        .collect()
}
