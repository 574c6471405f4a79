//! Pictures of a terminal for the pages, in files that a test compares with a real run.

use std::path::Path;

use anstyle::{Color, RgbColor};
use anstyle_svg::{Palette, Term, VGA};
use expect_test::expect_file;

/// A colour on a light and on a dark background.
type Shades = (RgbColor, RgbColor);

const BACKGROUND: Shades = (RgbColor(0xff, 0xff, 0xff), RgbColor(0x0d, 0x11, 0x17));
const TEXT: Shades = (RgbColor(0x1f, 0x23, 0x28), RgbColor(0xe6, 0xed, 0xf3));
const RED: Shades = (RgbColor(0xcf, 0x22, 0x2e), RgbColor(0xff, 0x7b, 0x72));
const GREEN: Shades = (RgbColor(0x1a, 0x7f, 0x37), RgbColor(0x3f, 0xb9, 0x50));
const YELLOW: Shades = (RgbColor(0x9a, 0x67, 0x00), RgbColor(0xd2, 0x99, 0x22));

/// Asserts that `docs/NAME.svg` shows this output, and that a page has the output as the text of the picture.
/// `UPDATE_EXPECT=1` writes the picture.
#[track_caller]
pub(crate) fn assert_shown(root: &Path, name: &str, page: &str, output: &str) {
    let plain = anstream::adapter::strip_str(output).to_string();
    let wide: Vec<_> = plain
        .lines()
        .filter(|line| line.chars().count() > 80)
        .collect();
    assert!(wide.is_empty(), "wider than 80 columns: {wide:?}");
    expect_file![root.join("docs").join(format!("{name}.svg"))].assert_eq(&svg(output));

    let up = "../".repeat(page.matches('/').count());
    let page = std::fs::read_to_string(root.join(page)).unwrap();
    let escape = [
        ("&", "&amp;"),
        ("<", "&lt;"),
        ("\"", "&quot;"),
        ("\n", "&#10;"),
    ];
    let text = escape
        .iter()
        .fold(plain.trim_end().to_owned(), |text, (from, to)| {
            text.replace(from, to)
        });
    let image = format!("<img src=\"{up}docs/{name}.svg\" alt=\"{text}\">");
    assert!(page.contains(&image), "the page should have:\n{image}");
}

/// One file for light and dark: a media query repeats the rules that have a colour.
fn svg(output: &str) -> String {
    let mut palette = VGA;
    for (index, (light, _)) in [(1, RED), (2, GREEN), (3, YELLOW)] {
        palette.0[index] = light;
    }
    let term = Term::new()
        .palette(Palette(palette.0))
        .fg_color(Color::Rgb(TEXT.0))
        .bg_color(Color::Rgb(BACKGROUND.0));
    let light = term.render_svg(output.trim_end());
    // `opacity` doesn't apply to a `tspan`, and 0.4 is too faint to read on white.
    let light = light.replace(" opacity: 0.4", " fill-opacity: 0.7");
    let colours = light.lines().filter(|line| line.contains("fill: #"));
    let dark: Vec<String> = colours
        .map(|line| {
            [BACKGROUND, TEXT, RED, GREEN, YELLOW]
                .iter()
                .fold(line.to_owned(), |line, (light, dark)| {
                    line.replace(&hex(*light), &hex(*dark))
                })
        })
        .collect();
    let dark = format!(
        "    @media (prefers-color-scheme: dark) {{\n{}\n    }}\n  </style>",
        dark.join("\n")
    );
    light.replacen("  </style>", &dark, 1)
}

fn hex(RgbColor(red, green, blue): RgbColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}
