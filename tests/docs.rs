//! The manuals against the program: every rule in them compiles, and passes its own examples.

use std::path::Path;

use wirewatch::document::Document;
use wirewatch::model::Problems;
use wirewatch::rules::RuleSet;

#[test]
fn every_rule_in_the_manuals_compiles_and_passes_its_examples() {
    let mut checked = 0;
    for name in ["docs/rules.md", "README.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        for block in text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
            if !block.contains("[[rule]]") {
                continue;
            }
            let documents = [Document::new(&path, block)];
            let problems = Problems::default();
            let rules = RuleSet::compile(&documents, &problems);
            let told: Vec<String> = problems.into_vec().iter().map(ToString::to_string).collect();
            assert!(told.is_empty(), "{name}:\n{}", told.join("\n"));
            let failed = rules.unwrap().check_examples(&documents);
            assert!(failed.is_empty(), "{name}:\n{}", failed[0]);
            checked += 1;
        }
    }
    assert_eq!(checked, 4, "blocks of rules in the manuals");
}
