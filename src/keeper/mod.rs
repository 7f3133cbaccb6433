//! What runs by itself: watching the engine, adopting what runs, sweeping up.
use crate::control::Control;
use tokio_util::sync::CancellationToken;

/// Runs until `shutdown`: keeps the list of containers fresh, tells of changes, ends sessions whose container has stopped.
pub async fn run(control: Control, shutdown: CancellationToken) {
    let _ = control;
    shutdown.cancelled().await;
}
