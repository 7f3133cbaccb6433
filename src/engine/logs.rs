//! A container's log, as printed.
use super::Engine;
use super::calls;
use super::demux::Demux;
use super::exec::ExecOutput;
use super::fault::About;
use super::raw;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::LogQuery;
use crate::model::LogSource;
use bytes::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::sync::mpsc;

/// Pieces that may wait to be taken; then the engine waits, which holds up nobody else.
const WAITING: usize = 16;

impl Engine {
    /// The lines of a container's log, byte for byte; ends with the log, or with `follow` when the container stops. Docker leaves out
    /// a last line that is not ended yet.
    ///
    /// # Errors
    /// When there is no such container or the engine can't be reached; what goes wrong later comes through the queue.
    pub async fn logs(&self, id: &ContainerId, query: &LogQuery) -> Result<mpsc::Receiver<Result<(LogSource, Bytes)>>> {
        self.read_logs(id, query, "").await
    }

    /// All lines of a container's log from `since` until `until`, each with its time in front.
    ///
    /// # Errors
    /// As [`Engine::logs`].
    pub async fn logs_between(
        &self,
        id: &ContainerId,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<mpsc::Receiver<Result<(LogSource, Bytes)>>> {
        let since = since.map_or_else(String::new, |at| format!("&since={}", at.as_second()));
        // Whole seconds: one more, so that none is left out.
        let until = until.map_or_else(String::new, |at| format!("&until={}", at.as_second() + 1));
        self.read_logs(id, &LogQuery { timestamps: true, ..LogQuery::default() }, &format!("{since}{until}")).await
    }

    async fn read_logs(&self, id: &ContainerId, query: &LogQuery, between: &str) -> Result<mpsc::Receiver<Result<(LogSource, Bytes)>>> {
        let work = async {
            let found = self.inspect_raw(id.as_str()).await?;
            let terminal = found.config.and_then(|config| config.tty).unwrap_or(false);
            let open = self.link().open().await?;
            let tail = query.tail.map_or_else(|| "all".to_owned(), |lines| lines.to_string());
            let tail = format!("logs?stdout=1&stderr=1&follow={}&timestamps={}&tail={tail}{between}", query.follow, query.timestamps);
            let mut stream = raw::get(&open, id.as_str(), &tail);
            let (sender, receiver) = mpsc::channel(WAITING);
            let (engine, id) = (self.clone(), id.clone());
            tokio::spawn(async move {
                let mut demux = Demux::default();
                loop {
                    // Looked at while waiting, so that the stream of a follower who has left is closed at once.
                    let bytes = tokio::select! {
                        bytes = stream.next() => bytes,
                        () = sender.closed() => return,
                    };
                    let bytes = match bytes {
                        None => return,
                        Some(Ok(bytes)) => bytes,
                        Some(Err(error)) => {
                            let _ = sender.send(Err(engine.link().fault(error, &About::Container(id.as_str())))).await;
                            return;
                        }
                    };
                    if terminal {
                        if sender.send(Ok((LogSource::Stdout, bytes))).await.is_err() {
                            return;
                        }
                        continue;
                    }
                    demux.buffer().extend_from_slice(&bytes);
                    while let Some(piece) = demux.next() {
                        let piece = match piece {
                            ExecOutput::Stdout(bytes) => (LogSource::Stdout, bytes),
                            ExecOutput::Stderr(bytes) => (LogSource::Stderr, bytes),
                        };
                        if sender.send(Ok(piece)).await.is_err() {
                            return;
                        }
                    }
                }
            });
            Ok(receiver)
        };
        self.called(Some(id), format!("docker logs {}{}", if query.follow { "-f " } else { "" }, calls::short(id)), work).await
    }
}
