//! `cto bench gallery`: from asking for each template of the gallery to its being ready, its image being there.
use super::Options;
use super::Progress;
use super::Times;
use super::report::Figures;
use super::report::Report;
use super::stage::Stage;
use super::stage::launch;
use crate::error::Result;
use crate::model::CreateContainer;
use crate::model::DeleteContainer;
use crate::model::ListTemplates;
use crate::model::RemoveContainer;
use crate::model::RenderTemplate;
use crate::model::TemplateOrigin;
use crate::model::WholeQuery;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// What small sizes measure: the template that adds nothing to its image.
const SMALL: &str = "shell";

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let rounds = options.rounds(5, 2);
    let client = &stage.client;
    let shipped = client.call::<ListTemplates>(&[], &WholeQuery::default()).await?.items.into_iter().filter(|entry| entry.origin == TemplateOrigin::Gallery);
    let names: Vec<String> = shipped.map(|entry| entry.template.name).filter(|name| !options.quick || name == SMALL).collect();
    let mut figures = Vec::new();
    let mut slowest = (String::new(), 0.0);
    for template in &names {
        let request = CreateContainer { template: Some(template.clone()), ..CreateContainer::default() };
        progress(&format!("gallery: {template}, its image"));
        let spec = client.call::<RenderTemplate>(&[], &request).await?.spec;
        stage.engine.images().ensure(&spec.image, &mut |_| {}, CancellationToken::new()).await?;
        let mut ready = Vec::new();
        // Round 0 warms caches and is not counted.
        for round in 0..=rounds {
            progress(&format!("gallery: {template}, round {round} of {rounds}"));
            let begun = Instant::now();
            let container = launch(client, &CreateContainer { name: Some(stage.name(&format!("{template}-{round}"))), ..request.clone() }).await?;
            let took = begun.elapsed();
            client.call::<DeleteContainer>(&[container.id.as_str()], &RemoveContainer { force: true }).await?;
            if round > 0 {
                ready.push(took);
            }
        }
        let times = Times::of(ready);
        if times.p99 > slowest.1 {
            slowest = (template.clone(), times.p99);
        }
        figures.push((template.clone(), times.p50));
    }
    Ok(Report::new("gallery", "ms", Figures::of(figures))
        .against(
            "none".to_owned(),
            Err("this is how long each template takes from a cached image; see 'spawn' for what of it is the engine's".to_owned()),
            None,
        )
        .note(format!("p50 of {rounds} launches each; the slowest of all was one of {}: {:.0} ms", slowest.0, slowest.1))
        .rounds(rounds))
}
