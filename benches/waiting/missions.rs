//! The whole daemon: a real mission is brought to its decision, the rows it left are copied a hundred thousand times
//! under other ids, and the daemon is started on that journal. Answers of finished steps and the facts of the log are
//! not copied: nothing reads them while a mission waits.

use super::WAITING;
use super::common::{Daemon, hand_in, ms, wait_for, waiting, workspace};
use rusqlite::Connection;
use sopd::daemon::{Workspace, statuses};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the resting daemon is watched.
const WATCHED: Duration = Duration::from_secs(10);
/// How long after the last append others' appends are looked for less often, and a little more.
const CALM: Duration = Duration::from_secs(12);

/// The copied tables, and how each column of a row that names its mission is changed.
const COPIES: [(&str, &[&str]); 7] = [
    ("mission", &["id"]),
    ("artifact", &["mission"]),
    ("workflow", &["id", "parent", "input"]),
    ("step", &["workflow"]),
    ("timer", &["workflow"]),
    ("decision", &["workflow", "mission"]),
    ("claim", &["sop", "mission"]),
];

fn mission(name: &str) -> String {
    format!(
        "---\nowner: vp.sales\nworkers:\n  - {{ agent: vp.sales, brief: the calls about {name} }}\n  \
         - {{ agent: sales.ops, brief: the records of {name} }}\n---\n# Cases of {name}\n\n\
         Every case of {name} is taken up within 1 business day and put on record by the two who share it.\n"
    )
}

/// Copies the rows of the one mission there is.
fn copy(db: &Connection, mission: &str) {
    let tx = db.unchecked_transaction().unwrap();
    for (table, renamed) in COPIES {
        let columns: Vec<String> = columns(&tx, table);
        let kept: Vec<&String> = columns.iter().filter(|name| *name != "number").collect();
        let value = |name: &&String| match name.as_str() {
            name if table == "step" && name == "outcome" => "NULL".to_owned(),
            "sop" if table == "claim" => "sop || '-' || copies.n".to_owned(),
            name if renamed.contains(&name) => format!("replace({name}, ?1, ?1 || '-' || copies.n)"),
            name => name.to_owned(),
        };
        let into = kept.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        let from = kept.iter().map(value).collect::<Vec<_>>().join(", ");
        let filter = if table == "timer" || table == "step" || table == "decision" {
            "workflow"
        } else {
            renamed_key(table)
        };
        let sql = format!(
            "WITH RECURSIVE copies(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < ?2)
             INSERT INTO {table}({into}) SELECT {from} FROM copies, (SELECT * FROM {table}
               WHERE {filter} = ?1 OR {filter} LIKE ?1 || '/%')"
        );
        tx.execute(&sql, (mission, WAITING)).unwrap();
    }
    tx.commit().unwrap();
}

fn renamed_key(table: &str) -> &'static str {
    match table {
        "mission" | "workflow" => "id",
        _ => "mission",
    }
}

fn columns(db: &Connection, table: &str) -> Vec<String> {
    let mut statement = db.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().flatten().collect()
}

/// From a mission handed in to its decision, beside a running daemon.
fn one_more(workspace: &Workspace, name: &str) -> f64 {
    let before = waiting(workspace);
    let start = Instant::now();
    hand_in(workspace, &[mission(name)]);
    wait_for(|| waiting(workspace) > before);
    ms(start.elapsed())
}

fn row(name: &str, value: f64, more: &str) {
    println!("{name:<52} {value:>9.1} {more}");
}

/// Brings missions to their decision and copies one of them; how long one takes while nothing else waits.
fn prepare(root: &Path, workspace: &Workspace) -> f64 {
    let daemon = Daemon::ready(root);
    one_more(workspace, "harbour");
    let alone = one_more(workspace, "orchard");
    daemon.kill();
    let all = workspace.journal.read(|db| statuses(db, false)).unwrap();
    let copied = &all.iter().find(|one| one.title.contains("harbour")).unwrap().id;
    let db = Connection::open(root.join(".sopd/journal.db")).unwrap();
    db.busy_timeout(Duration::from_mins(1)).unwrap();
    copy(&db, copied);
    alone
}

pub(super) fn bench() {
    let (folder, workspace) = workspace("git: { commit: false }\n");
    let root = folder.path();
    let alone = prepare(root, &workspace);
    println!("the daemon with {} missions waiting for a signature", waiting(&workspace));
    hand_in(&workspace, &[mission("lantern")]);
    let start = Instant::now();
    let daemon = Daemon::start(root);
    let began = "SELECT count(*) FROM event WHERE kind = 'prepared'";
    let begun = |count: u32| {
        workspace.journal.read(|db| Ok(db.query_row(began, [], |row| row.get::<_, u32>(0))?)).unwrap() > count
    };
    wait_for(|| begun(2));
    row("start to ready: a mission that waited is begun", ms(start.elapsed()), "ms  aim < 1000 ms");
    let before = waiting(&workspace);
    wait_for(|| waiting(&workspace) > before || before > WAITING + 2);
    std::thread::sleep(CALM);
    row("resident, all waiting", daemon.memory().0, "MB  aim < 100 MB");
    row("resident at its highest", daemon.memory().1, "MB");
    let (cpu, switches) = (daemon.cpu_ms(), daemon.switches());
    std::thread::sleep(WATCHED);
    let (cpu, switches) = (daemon.cpu_ms() - cpu, daemon.switches() - switches);
    row("processor at rest", cpu / ms(WATCHED) * 100.0, "% of one core  aim < 0.2 %");
    row("wake-ups at rest", switches / WATCHED.as_secs_f64(), "a second  aim < 20");
    let beside = one_more(&workspace, "violet");
    row("a tier-0 mission to its decision, beside them", beside, "ms");
    row("  the same with nothing else waiting", alone, "ms");
    let overview = root.join("missions/STATUS.md");
    let told = || std::fs::read_to_string(&overview).unwrap_or_default().contains("violet");
    row("  until STATUS.md says so", ms(wait_for(told)), "ms more");
    let start = Instant::now();
    let all = workspace.journal.read(|db| statuses(db, false)).unwrap().len();
    row(&format!("status of all {all}, as `sopd status` asks"), ms(start.elapsed()), "ms");
    let size = std::fs::metadata(root.join(".sopd/journal.db")).unwrap().len();
    row("the journal", size as f64 / 1e6, "MB");
}
