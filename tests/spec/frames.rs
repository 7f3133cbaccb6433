//! The frames of the protocols: read as written, the same in Rust and TypeScript, and nothing breaks the reader.
use super::support::golden::golden;
use cto::model::*;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;
use std::fmt::Write as _;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Each server frame as the web client shows it after reading, with its message.
fn server_vectors() -> Vec<Value> {
    let size = Size { cols: 132, rows: 43 };
    let at = "2026-01-02T03:04:05Z".parse().unwrap();
    let ready = Ready {
        session: SessionId::from("ses_1"),
        cols: 80,
        rows: 24,
        head_offset: 7,
        oldest_offset: 3,
        resume: Resume::Delta,
        last_seq: 9,
        title: "vim · ü".into(),
    };
    let exit = SessionExit { reason: ExitReason::Exited, code: Some(137), final_offset: 1 << 40, at };
    let viewer =
        Viewer { name: "ana".into(), mode: AttachMode::Write, size, id: 3, client: Some("browser".into()), since: Some(at), typed_at: Some(at), lease: true };
    let ready_value = serde_json::to_value(&ready).unwrap();
    let frames = [
        ("ready", ServerFrame::Ready(Box::new(ready)), json!({"op": "ready", "ready": ready_value})),
        (
            "snapshot",
            ServerFrame::Snapshot { offset: 1 << 33, size, bytes: b"\x1b[2J\xff".to_vec() },
            json!({"op": "snapshot", "offset": 1u64 << 33, "cols": 132, "rows": 43, "bytes": "1b5b324aff"}),
        ),
        ("output", ServerFrame::Output { offset: 258, bytes: b"ok".to_vec() }, json!({"op": "output", "offset": 258, "bytes": "6f6b"})),
        ("resized", ServerFrame::Resized { offset: 5, size }, json!({"op": "resized", "offset": 5, "cols": 132, "rows": 43})),
        ("exit", ServerFrame::Exit(exit.clone()), json!({"op": "exit", "exit": serde_json::to_value(&exit).unwrap()})),
        ("gap", ServerFrame::Gap { from: 1, to: 4096 }, json!({"op": "gap", "from": 1, "to": 4096})),
        ("presence", ServerFrame::Presence(vec![viewer.clone()]), json!({"op": "presence", "viewers": [viewer]})),
        ("notice", ServerFrame::Notice("disk full".into()), json!({"op": "notice", "text": "disk full"})),
        ("lease", ServerFrame::Lease(Lease { holder: Some("ana".into()), yours: true }), json!({"op": "lease", "lease": {"holder": "ana", "yours": true}})),
        ("lease_of_nobody", ServerFrame::Lease(Lease { holder: None, yours: false }), json!({"op": "lease", "lease": {"yours": false}})),
        ("pong", ServerFrame::Pong(6), json!({"op": "pong", "number": 6})),
        ("input_ack", ServerFrame::InputAck(70_000), json!({"op": "input_ack", "seq": 70_000})),
    ];
    frames
        .into_iter()
        .map(|(name, frame, value)| {
            let message = frame.encode();
            assert_eq!(ServerFrame::decode(&message), Ok(frame), "{name} is read as written");
            json!({"name": name, "hex": hex(&message), "value": value})
        })
        .collect()
}

/// Each client frame as the web client is asked to write it, with its message.
fn client_vectors() -> Vec<Value> {
    let attach = Attach {
        v: 1,
        token: Some("cto_pat_x".into()),
        from_offset: Some(12),
        cols: 80,
        rows: 24,
        mode: AttachMode::Write,
        delivery: Delivery::Live,
        writer: 77,
        window: Some(65_536),
    };
    let attach_value = serde_json::to_value(&attach).unwrap();
    let frames = [
        ("attach", ClientFrame::Attach(Box::new(attach)), attach_value),
        ("input", ClientFrame::Input { seq: 3, bytes: b"\x03".to_vec() }, json!({"seq": 3, "bytes": "03"})),
        ("resize", ClientFrame::Resize(Size { cols: 300, rows: 100 }), json!({"cols": 300, "rows": 100})),
        ("ack", ClientFrame::Ack(1 << 36), json!({"offset": 1u64 << 36})),
        ("refresh", ClientFrame::Control(Control::Refresh), json!({"op": "refresh"})),
        ("take_size", ClientFrame::Control(Control::TakeSize), json!({"op": "take_size"})),
        ("take_lease", ClientFrame::Control(Control::TakeLease), json!({"op": "take_lease"})),
        ("give_lease", ClientFrame::Control(Control::GiveLease), json!({"op": "give_lease"})),
        ("ping", ClientFrame::Ping(5), json!({"number": 5})),
        ("stdin_eof", ClientFrame::StdinEof, json!({})),
    ];
    frames
        .into_iter()
        .map(|(name, frame, value)| {
            let message = frame.encode();
            assert_eq!(ClientFrame::decode(&message), Ok(frame), "{name} is read as written");
            json!({"name": name, "hex": hex(&message), "value": value})
        })
        .collect()
}

/// The opcodes that have a vector.
fn opcodes(vectors: &Value) -> std::collections::BTreeSet<String> {
    vectors.as_array().unwrap().iter().map(|vector| vector["hex"].as_str().unwrap()[..2].to_owned()).collect()
}

#[test]
fn rust_and_typescript_speak_the_same_frames() {
    let vectors = json!({"server": server_vectors(), "client": client_vectors()});
    // Whatever the server's reader knows has a vector.
    let known = |all: std::ops::RangeInclusive<u8>, unknown: fn(&[u8]) -> bool| {
        all.filter(|op| !unknown(&[*op])).map(|op| format!("{op:02x}")).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(opcodes(&vectors["server"]), known(0..=0x7f, |message| matches!(ServerFrame::decode(message), Err(FrameError::Unknown(_)))));
    assert_eq!(opcodes(&vectors["client"]), known(0x80..=0xff, |message| matches!(ClientFrame::decode(message), Err(FrameError::Unknown(_)))));
    golden("tests/golden/term-v1.json", &(serde_json::to_string_pretty(&vectors).unwrap() + "\n"));
}

#[test]
fn broken_frames_are_refused_with_a_reason() {
    assert_eq!(ClientFrame::decode(&[]), Err(FrameError::Empty));
    assert_eq!(ClientFrame::decode(&[0x82, 0, 0]), Err(FrameError::Short(0x82)));
    assert_eq!(ClientFrame::decode(&[0x7f]), Err(FrameError::Unknown(0x7f)));
    assert!(matches!(ClientFrame::decode(b"\x81{"), Err(FrameError::Json(0x81, _))));
    let mut large = vec![0x82, 0, 0, 0, 1];
    large.resize(5 + MAX_INPUT + 1, b'x');
    assert_eq!(ClientFrame::decode(&large), Err(FrameError::Large(0x82)));
}

#[test]
fn exec_frames_are_read_as_written() {
    let start = ExecStart { command: vec!["sh".into(), "-c".into(), "exit 7".into()], stdin: true, ..ExecStart::default() };
    let frames = [
        ExecFrame::Start(Box::new(start)),
        ExecFrame::Stdin(b"in".to_vec()),
        ExecFrame::StdinEof,
        ExecFrame::Ack(u64::MAX),
        ExecFrame::Started,
        ExecFrame::Stdout(vec![0, 255]),
        ExecFrame::Stderr(b"e".to_vec()),
        ExecFrame::Exit(-1),
        ExecFrame::Credit(1),
    ];
    for frame in frames {
        assert_eq!(ExecFrame::decode(&frame.encode()), Ok(frame));
    }
}

proptest! {
    #[test]
    fn no_message_breaks_a_reader(message in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = ClientFrame::decode(&message);
        let _ = ServerFrame::decode(&message);
        let _ = ExecFrame::decode(&message);
    }
}
