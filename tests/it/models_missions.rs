//! Whole missions with a model behind every role: published, accounted for, and paid for once.

use crate::fake_openai::{FakeOpenAi, Reply};
use crate::models_world::World;
use crate::scripted;

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_are_published_with_judged_assertions_passed() {
    let server = FakeOpenAi::start(|q| Reply::json(&scripted::answer(q)));
    let world = World::new(&server, "");
    let missions: Vec<String> = (1..=4).map(|number| world.submit_example(number)).collect();
    world.approve_all().await;
    for mission in &missions {
        let status = world.status(mission);
        assert_eq!(status.state.word(), "published", "{status:#?}");
        let report = world.file(mission, "scrutiny-1.md");
        println!("{report}");
    }
}
