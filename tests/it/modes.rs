//! The table of modes is told in one voice: what README prints is what the code decides by.

#[test]
fn readme_holds_the_table_of_modes_as_the_code_has_it() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("<!-- modes:begin -->\n").expect("README has the opening mark");
    let (written, _) = rest.split_once("<!-- modes:end -->").expect("README has the closing mark");
    let table = sopd::run::mode::table();
    assert!(written == table, "put this between the marks of README:\n\n{table}");
}
