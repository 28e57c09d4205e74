//! How it goes, in numbers: what is in flight, what waits, what failed, what it costs.

use super::plot::{Series, bars};
use crate::base::{Instant, MicroUsd, problem::Result};
use crate::daemon::Workspace;
use crate::front::figures::{self, Figures, WEEKS, Week};
use crate::web::caller::Visitor;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::State;
use serde_json::{Value, json};

/// Milliseconds of an hour.
const HOUR: f64 = 3_600_000.0;

/// `GET /dashboard`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor) -> Answer {
    let now = site.now();
    let context = site.work(move |workspace| context(workspace, now)).await?;
    site.page(&visitor, "dashboard.html", &context)
}

fn context(workspace: &Workspace, now: Instant) -> Result<Value> {
    let budgets = super::settings(workspace)?.budgets;
    let figures =
        workspace.journal.read(|db| figures::figures(db, (budgets.week_usd, budgets.total_usd), now))?;
    let Figures { missions, runs, waiting, weeks, .. } = &figures;
    let this_week = weeks.last().cloned().unwrap_or_default();
    let sum = |count: fn(&Week) -> u32| weeks.iter().map(count).sum::<u32>();
    let asked: u32 = workspace.journal.read(|db| {
        Ok(db.query_row("SELECT count(*) FROM decision WHERE state = 'open'", [], |row| row.get(0))?)
    })?;
    Ok(json!({
        "title": "Dashboard", "weeks_shown": WEEKS,
        "missions": missions.values().sum::<u32>(), "missions_by": missions,
        "runs": runs.values().sum::<u32>(), "runs_by": runs,
        "decisions": asked, "waiting": waiting, "sops": figures.sops,
        "refused": crate::daemon::refused_missions(workspace)?,
        "overdue": waiting.iter().map(|one| one.overdue).sum::<u32>(),
        "to_active": figures.to_active, "to_answer": figures.to_answer,
        "published": sum(|week| week.published), "failed_missions": sum(|week| week.failed),
        "completed_runs": sum(|week| week.runs_completed), "failed_runs": sum(|week| week.runs_failed),
        "week_usd": MicroUsd(this_week.micros).dollars(), "total_usd": figures.total_spent.dollars(),
        "week_left": left(figures.week_budget, MicroUsd(this_week.micros)),
        "total_left": left(figures.total_budget, figures.total_spent),
        "plots": plots(weeks),
    }))
}

/// What is left of a budget, and the used share in percent; null where there is no limit.
fn left(budget: Option<MicroUsd>, spent: MicroUsd) -> Value {
    let Some(budget) = budget else { return Value::Null };
    let used = (spent.0.max(0) * 100).checked_div(budget.0).unwrap_or(100).min(100);
    json!({ "budget": budget.dollars(), "left": MicroUsd((budget.0 - spent.0).max(0)).dollars(), "used": used })
}

/// Hours, or minutes where they are less than one.
fn span(hours: f64) -> String {
    if hours == 0.0 {
        "0".to_owned()
    } else if hours < 1.0 {
        format!("{:.1} min", hours * 60.0)
    } else {
        format!("{hours:.1} h")
    }
}

fn plots(weeks: &[Week]) -> Vec<Value> {
    let labels: Vec<String> =
        weeks.iter().map(|week| Instant(week.from).day().get(5..).unwrap_or_default().to_owned()).collect();
    let counted = |name, count: fn(&Week) -> u32| {
        let value = |week: &Week| {
            let count = count(week);
            Some((f64::from(count), count.to_string()))
        };
        Series { name, values: weeks.iter().map(value).collect() }
    };
    let whole = |value: f64| if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    let usd = |week: &Week| {
        let dollars = MicroUsd(week.micros).dollars();
        Some((dollars, crate::web::page::usd(dollars)))
    };
    #[expect(clippy::cast_precision_loss, reason = "hours of a mission are far below 2^52 milliseconds")]
    let hours = |week: &Week| {
        let hours = week.to_active? as f64 / HOUR;
        Some((hours, span(hours)))
    };
    let cost = Series { name: "US dollars", values: weeks.iter().map(usd).collect() };
    let time = Series { name: "median hours", values: weeks.iter().map(hours).collect() };
    vec![
        bars(
            ("cost", "Cost per week", "What models cost in each of the last twelve weeks, in US dollars."),
            &labels,
            &[cost],
            crate::web::page::usd,
        ),
        bars(
            (
                "missions",
                "Missions per week",
                "Missions that ended in a publication, and missions that failed.",
            ),
            &labels,
            &[counted("published", |week| week.published), counted("failed", |week| week.failed)],
            whole,
        ),
        bars(
            ("active", "Time to Active", "Median hours from a mission's arrival to its publication."),
            &labels,
            &[time],
            span,
        ),
        bars(
            ("runs", "Runs per week", "Runs that were completed, and runs that failed."),
            &labels,
            &[counted("completed", |week| week.runs_completed), counted("failed", |week| week.runs_failed)],
            whole,
        ),
    ]
}
