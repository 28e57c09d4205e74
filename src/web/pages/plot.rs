//! Bars as inline SVG, made of numbers alone; the words beside them are for who cannot see them.

use serde_json::{Value, json};

/// The drawing, in its own units: width, height of the tallest bar, room above and left of the bars.
const WIDTH: f64 = 720.0;
const TALLEST: f64 = 130.0;
const TOP: f64 = 14.0;
const LEFT: f64 = 64.0;

/// One kind of bar.
pub(super) struct Series {
    /// What it counts.
    pub(super) name: &'static str,
    /// Each value, and how people read it; `None` where there is none.
    pub(super) values: Vec<Option<(f64, String)>>,
}

/// A plot for the template: bars side by side for each label, and the same as a table.
pub(super) fn bars(
    (id, title, about): (&str, &str, &str),
    labels: &[String],
    series: &[Series],
    shown: impl Fn(f64) -> String,
) -> Value {
    let all = || series.iter().flat_map(|one| &one.values).flatten();
    let most = all().map(|(value, _)| *value).fold(0.0, f64::max);
    let scale = if most > 0.0 { TALLEST / most } else { 0.0 };
    let slot = (WIDTH - LEFT) / count(labels.len());
    let width = (slot * 0.72 / count(series.len())).min(40.0);
    let mut drawn = Vec::new();
    for (kind, one) in series.iter().enumerate() {
        for (at, value) in one.values.iter().enumerate() {
            let Some((value, words)) = value else { continue };
            let height = value * scale;
            let group = width * count(series.len());
            let x = LEFT + slot * index(at) + (slot - group) / 2.0 + width * index(kind);
            let label = labels.get(at).map_or("", String::as_str);
            drawn.push(json!({
                "kind": kind, "x": round(x), "y": round(TOP + TALLEST - height), "width": round(width - 2.0),
                "height": round(height), "words": format!("{label}: {words} ({})", one.name),
            }));
        }
    }
    let names = labels
        .iter()
        .enumerate()
        .map(|(at, label)| json!({ "x": round(LEFT + slot * (index(at) + 0.5)), "text": label }));
    let rows = labels.iter().enumerate().map(|(at, label)| {
        let cells = series.iter().map(|one| one.values.get(at).cloned().flatten().map(|(_, words)| words));
        json!({ "label": label, "cells": cells.collect::<Vec<_>>() })
    });
    let lines = [1.0, 0.5, 0.0]
        .map(|part| json!({ "y": round(TOP + TALLEST * (1.0 - part)), "text": shown(most * part) }));
    json!({
        "id": id, "title": title, "about": about, "empty": most <= 0.0, "bars": drawn,
        "labels": names.collect::<Vec<_>>(), "rows": rows.collect::<Vec<_>>(), "lines": lines,
        "series": series.iter().map(|one| one.name).collect::<Vec<_>>(), "width": WIDTH, "left": LEFT,
        "foot": TOP + TALLEST + 16.0, "height": TOP + TALLEST + 26.0,
    })
}

fn index(at: usize) -> f64 {
    u32::try_from(at).map_or(0.0, f64::from)
}

fn count(number: usize) -> f64 {
    index(number.max(1))
}

/// Tenths are as fine as anybody sees.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tallest_bar_reaches_the_top_and_nothing_leaves_the_drawing() {
        let labels: Vec<String> = (0..3).map(|at| at.to_string()).collect();
        let value = |value: f64| Some((value, value.to_string()));
        let one = Series { name: "a", values: vec![value(1.0), None, value(4.0)] };
        let two = Series { name: "b", values: vec![value(2.0), value(0.0), None] };
        let plot = bars(("p", "t", "d"), &labels, &[one, two], |value| value.to_string());
        let bars = plot["bars"].as_array().unwrap();
        assert_eq!(bars.len(), 4, "what is not known is not drawn as nothing");
        assert!(bars.iter().any(|bar| bar["y"] == TOP && bar["height"] == TALLEST));
        for bar in bars {
            let right = bar["x"].as_f64().unwrap() + bar["width"].as_f64().unwrap();
            assert!(right <= WIDTH && bar["x"].as_f64().unwrap() >= LEFT, "{bar}");
        }
        assert_eq!(plot["rows"][1]["cells"], json!([null, "0"]));
    }
}
