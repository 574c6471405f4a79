//! The plots in `BENCHMARKS.md` show its tables. They are drawn from the tables, not by the programs that
//! measure, so that a plot and its table can't disagree. `UPDATE_EXPECT=1` rewrites the plots.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a failed step is a failed test"
)]

use std::fs;

use expect_test::expect_file;
use xtask_spec::workspace;

const STYLE: &str = "
  <style>
    text { font: 12px sans-serif; fill: #1F2328 }
    .title { font-weight: bold }
    .end { text-anchor: end }
    .middle { text-anchor: middle }
    .background { fill: #FFFFFF }
    .grid { stroke: #8C959F; stroke-dasharray: 3 }
    .a { fill: #0969DA; stroke: #0969DA }
    .b { fill: #BC4C00; stroke: #BC4C00 }
    polyline.a, polyline.b { fill: none; stroke-width: 2 }
    @media (prefers-color-scheme: dark) {
      text { fill: #E6EDF3 }
      .background { fill: #0D1117 }
      .a { fill: #4493F8; stroke: #4493F8 }
      .b { fill: #DB6D28; stroke: #DB6D28 }
    }
  </style>
  <rect width=\"100%\" height=\"100%\" rx=\"4.5\" class=\"background\" />
";

/// A label, and the two values beside it, as a table has them.
type Row = (String, [String; 2]);

#[test]
fn the_plots_are_pictures_of_the_tables() {
    let calls = rows("| per call |", [3, 5]);
    let title = "Cost of a call as a ratio to the baseline, the dashed line (lower is better)";
    assert_shown("bench_calls", title, |title| {
        bars(title, ["kept handle", "new handle"], &calls, Some(1.0))
    });

    let mut programs = rows("| program |", [2, 3]);
    programs.retain(|(program, _)| !program.starts_with("ratio"));
    for (program, _) in &mut programs {
        let name = program.split([':', ',']).next();
        *program = name.unwrap().to_owned();
    }
    let title = "CPU seconds of a clean build (lower is better)";
    assert_shown("bench_dependency", title, |title| {
        bars(title, ["debug", "release"], &programs, None)
    });

    let mut sizes = rows("| operations |", [4, 5]);
    for (operations, _) in &mut sizes {
        *operations = operations.split(' ').next().unwrap().to_owned();
    }
    let title = "Milliseconds over operations of the spec, both axes logarithmic";
    assert_shown("bench_codegen", title, |title| {
        curves(title, ["codegen", "diff"], &sizes)
    });
}

/// The rows of a table in two of its columns, if both have a value.
fn rows(head: &str, columns: [usize; 2]) -> Vec<Row> {
    let page = fs::read_to_string(workspace::root().join("BENCHMARKS.md")).unwrap();
    let (_, table) = page
        .split_once(head)
        .unwrap_or_else(|| panic!("no table {head}"));
    let lines = table.lines().skip(2);
    let lines = lines.take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells = line.split('|').skip(1);
        let cells: Vec<_> = cells.map(|it| it.trim().replace('`', "")).collect();
        (
            cells[0].clone(),
            columns.map(|column| cells[column].clone()),
        )
    };
    let rows: Vec<_> = lines.map(row).collect();
    let full = rows.into_iter();
    full.filter(|(_, values)| values.iter().all(|it| !it.is_empty()))
        .collect()
}

#[track_caller]
fn assert_shown(name: &str, title: &str, plot: impl Fn(&str) -> String) {
    let root = workspace::root();
    expect_file![root.join(format!("docs/{name}.svg"))].assert_eq(&plot(title));
    let image = format!("<img src=\"docs/{name}.svg\" alt=\"{title}\">");
    let page = fs::read_to_string(root.join("BENCHMARKS.md")).unwrap();
    assert!(page.contains(&image), "BENCHMARKS.md should have:\n{image}");
}

fn number(value: &str) -> f64 {
    let number = value.replace(',', "").parse();
    number.unwrap_or_else(|_| panic!("not a number: {value}"))
}

fn text(x: f64, y: f64, class: &str, text: &str) -> String {
    format!("  <text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{text}</text>\n")
}

fn rect([x, y, width, height]: [f64; 4], class: &str) -> String {
    format!(
        "  <rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" class=\"{class}\" />\n"
    )
}

fn line([x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) -> String {
    format!(
        "  <line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"grid\" />\n"
    )
}

/// A plot with its title and legend. One file is for light and dark.
fn svg(title: &str, legend: [&str; 2], height: f64, content: &str) -> String {
    let mut head = text(10.0, 22.0, "title", title);
    for (name, (x, class)) in legend.iter().zip([(10.0, "a"), (110.0, "b")]) {
        head += &rect([x, 34.0, 10.0, 10.0], class);
        head += &text(x + 15.0, 43.0, "", name);
    }
    format!(
        "<svg width=\"720px\" height=\"{height}px\" xmlns=\"http://www.w3.org/2000/svg\">{STYLE}{head}{content}</svg>\n"
    )
}

/// Bars from zero, two per row, with a line across them at the baseline.
fn bars(title: &str, legend: [&str; 2], rows: &[Row], baseline: Option<f64>) -> String {
    let (left, width) = (140.0, 500.0);
    let values = rows.iter().flat_map(|(_, values)| values);
    let most = values.map(|it| number(it)).chain(baseline);
    let scale = width / most.fold(0.0, f64::max);
    let (mut content, mut y) = (String::new(), 60.0);
    for (label, values) in rows {
        content += &text(left - 10.0, y + 18.0, "end", label);
        for (value, class) in values.iter().zip(["a", "b"]) {
            let length = number(value) * scale;
            content += &rect([left, y, length, 12.0], class);
            let end = length.max(baseline.unwrap_or(0.0) * scale);
            content += &text(left + end + 8.0, y + 11.0, "", value);
            y += 14.0;
        }
        y += 8.0;
    }
    if let Some(baseline) = baseline {
        let x = left + baseline * scale;
        content += &line([x, 54.0], [x, y]);
    }
    svg(title, legend, y, &content)
}

/// Two curves on logarithmic axes, on which growth in proportion is a straight line.
fn curves(title: &str, legend: [&str; 2], rows: &[Row]) -> String {
    let x = |value: f64| 60.0 + 180.0 * value.log10();
    let y = |value: f64| 300.0 - 70.0 * value.log10();
    let mut content = String::new();
    for label in ["1", "10", "100", "1,000"] {
        let (across, up) = (x(number(label)), y(number(label)));
        content += &line([across, y(1.0)], [across, y(2000.0)]);
        content += &line([x(1.0), up], [x(2000.0), up]);
        content += &text(across, 318.0, "middle", label);
        content += &text(50.0, up + 4.0, "end", label);
    }
    let labels = [("a", "end", -8.0), ("b", "", 16.0)];
    for (series, (class, anchor, down)) in labels.iter().enumerate() {
        let mut points = Vec::new();
        for (operations, values) in rows {
            let (x, y) = (x(number(operations)), y(number(&values[series])));
            content += &rect([x - 3.0, y - 3.0, 6.0, 6.0], class);
            content += &text(x + down / 2.0, y + down, anchor, &values[series]);
            points.push(format!("{x:.1},{y:.1}"));
        }
        let points = points.join(" ");
        let curve = format!("  <polyline points=\"{points}\" class=\"{class}\" />\n");
        content += &curve;
    }
    svg(title, legend, 330.0, &content)
}
