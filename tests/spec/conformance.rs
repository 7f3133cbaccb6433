//! One sequence a case, screens of vttest and real programs: what a terminal should make of them, and what ours makes.
//!
//! tmux 3.3a is the judge; what it drew is kept in `tests/golden/conformance.json`, and `UPDATE=1` asks it anew. `docs/conformance.md` is
//! written by the same test. Recordings were made with `cto sessions` in Debian 12 (vttest 2.7), at 80×24.
use super::support::tmux::Tmux;
use super::support::tmux::parse;
use alacritty_terminal::Term;
use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Column;
use alacritty_terminal::index::Line;
use alacritty_terminal::term::Config;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::vte::ansi::Processor;
use cto::model::Size;
use cto::term::Cell;
use cto::term::Screen;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const SIZE: Size = Size { cols: 80, rows: 24 };

/// Name and bytes of one case, by group.
const CASES: &[(&str, &[(&str, &str)])] = &[
    (
        "text",
        &[
            ("wrap at the margin", "\x1b[1;78Habcdef"),
            ("a pending wrap is undone by CR", "\x1b[1;80HX\rY"),
            ("a pending wrap and BS", "\x1b[1;80HX\x08Y"),
            ("autowrap off (DECAWM)", "\x1b[?7l\x1b[1;78Habcdef\x1b[?7h"),
            ("insert mode (IRM)", "abc\x1b[1;1H\x1b[4hXY\x1b[4lZ"),
            ("repeat (REP)", "ab\x1b[5b!"),
            ("wide characters", "日本語 ok"),
            ("a wide character at the margin", "\x1b[1;80H日x"),
            ("overwriting half a wide character", "日本\x1b[1;2Hx"),
            ("combining marks", "e\u{301}a\u{308}o"),
            ("a zero-width joiner sequence", "a\u{200d}b"),
            ("invalid UTF-8 is kept out", "a\u{fffd}b"),
            ("NUL and DEL draw nothing", "a\x00b\x7fc"),
            ("line feed, vertical tab and form feed", "a\nb\x0bc\x0cd"),
            ("new line mode (LNM)", "\x1b[20ha\nb\x1b[20lc\nd"),
            ("the line-drawing set", "\x1b(0lqwqk\x1b(Bx"),
            ("G1 by SO and SI", "\x1b)0\x0elqk\x0fq"),
            ("the British set", "\x1b(A#\x1b(B#"),
        ],
    ),
    (
        "cursor",
        &[
            ("position, beyond the screen (CUP)", "\x1b[99;99HX\x1b[0;0HY"),
            ("up, down, forward, back", "\x1b[10;10H\x1b[3AA\x1b[2BB\x1b[4CC\x1b[9DD"),
            ("next and previous line (CNL, CPL)", "\x1b[5;5H\x1b[2EA\x1b[3FB"),
            ("column and row (CHA, HPA, VPA)", "\x1b[5GA\x1b[9`B\x1b[4dC"),
            ("relative (HPR, VPR)", "a\x1b[5aB\x1b[3eC"),
            ("saved and restored (DECSC)", "\x1b[5;5H\x1b[1;31m\x1b7\x1b[9;9H\x1b[0mA\x1b8B"),
            ("saved and restored (SCOSC)", "\x1b[5;5H\x1b[s\x1b[9;9HA\x1b[uB"),
            ("index, next line, reverse index", "\x1b[5;5Ha\x1bDb\x1bEc\x1bMd"),
            ("reverse index at the top scrolls", "top\x1b[1;1H\x1bMnew"),
            ("tab stops (HT, HTS, TBC)", "\ta\x1b[1;21H\x1bH\x1b[1;1H\t\t\tb\x1b[3g\x1b[2;1H\tc"),
            ("forward and backward tabs (CHT, CBT)", "\x1b[3Ia\x1b[2Zb"),
            ("backspace stops at the margin", "ab\x08\x08\x08\x08c"),
            ("up stops at the region's top", "\x1b[5;10r\x1b[7;1H\x1b[9Ax\x1b[r"),
            ("down stops at the region's bottom", "\x1b[5;10r\x1b[7;1H\x1b[9Bx\x1b[r"),
            ("origin mode (DECOM)", "\x1b[5;10r\x1b[?6h\x1b[1;1Ha\x1b[99;1Hb\x1b[2dc\x1b[?6l\x1b[rd"),
        ],
    ),
    (
        "erase and edit",
        &[
            ("erase in display below, above, all", "aaa\r\nbbb\r\nccc\x1b[2;2H\x1b[JX\x1b[1;2H\x1b[1JY"),
            ("erase in line right, left, all", "abcdef\x1b[1;3H\x1b[K\r\nabcdef\x1b[2;3H\x1b[1K\r\nabcdef\x1b[2K"),
            ("erase characters (ECH)", "abcdef\x1b[1;3H\x1b[2XZ"),
            ("insert and delete characters", "abcdef\x1b[1;3H\x1b[2@\r\nabcdef\x1b[2;3H\x1b[2P"),
            ("insert and delete lines", "1\r\n2\r\n3\r\n4\x1b[2;1H\x1b[1L\x1b[4;1H\x1b[1M"),
            ("lines within the region only", "1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r\x1b[3;1H\x1b[2L\x1b[r"),
            ("scroll up and down (SU, SD)", "1\r\n2\r\n3\x1b[1Sa\x1b[2Tb"),
            ("a region scrolls alone (DECSTBM)", "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\n\nx\x1b[r"),
            ("erasing keeps the background (BCE)", "\x1b[44mab\x1b[Kc\x1b[0m\r\n\x1b[41m\x1b[2Kx"),
            ("scrolling keeps the background", "\x1b[23;1Ha\r\nb\x1b[42m\n\nc"),
            ("deleting keeps the background", "abcdef\x1b[1;3H\x1b[45m\x1b[2P\x1b[1;1Hx"),
            ("the alignment picture (DECALN)", "\x1b#8"),
            ("alignment resets the margins", "\x1b[5;10r\x1b#8\x1b[1;1Hx"),
        ],
    ),
    (
        "attributes",
        &[
            ("bold, dim, italic", "\x1b[1mb\x1b[0;2md\x1b[0;3mi\x1b[0mn"),
            ("underline, blink, inverse", "\x1b[4mu\x1b[0;5mb\x1b[0;7mi\x1b[0mn"),
            ("hidden, strike", "\x1b[8mh\x1b[0;9ms\x1b[0mn"),
            ("switched off one by one", "\x1b[1;3;4;5;7;9ma\x1b[22mb\x1b[23mc\x1b[24md\x1b[25me\x1b[27mf\x1b[29mg"),
            ("underline styles", "\x1b[4:1ma\x1b[4:2mb\x1b[4:3mc\x1b[4:4md\x1b[4:5me\x1b[4:0mf"),
            ("double underline (21)", "\x1b[21ma\x1b[24mb"),
            ("an underline colour is no blinking", "\x1b[4;58;5;1ma\x1b[59mb"),
            ("8 and 16 colours", "\x1b[31;42ma\x1b[91;102mb\x1b[39;49mc"),
            ("256 colours", "\x1b[38;5;208;48;5;17ma\x1b[0mb"),
            ("true colour", "\x1b[38;2;1;2;3;48;2;250;128;0ma\x1b[0mb"),
            ("true colour with colons", "\x1b[38:2::1:2:3ma\x1b[48:2:9:8:7mb\x1b[38:5:33mc"),
            ("broken colours end there", "\x1b[38;5ma\x1b[38;2;1mb"),
            ("all screens reversed (DECSCNM)", "\x1b[?5ha\x1b[?5lb"),
        ],
    ),
    (
        "screens and resets",
        &[
            ("the alternate screen (1049)", "main\x1b[?1049h\x1b[Halt\x1b[?1049lback"),
            ("the alternate screen (47)", "main\x1b[?47halt\x1b[?47lback"),
            ("the alternate screen (1047)", "main\x1b[?1047halt\x1b[?1047lback"),
            ("the cursor beside (1048)", "\x1b[5;5H\x1b[?1048h\x1b[9;9Ha\x1b[?1048lb"),
            ("the alternate screen is empty again", "\x1b[?1049hone\x1b[?1049l\x1b[?1049h\x1b[Htwo"),
            ("a soft reset (DECSTR)", "\x1b[5;10r\x1b[1;31m\x1b[4h\x1b[!p\x1b[1;1Hab\x1b[1;1Hc"),
            ("a full reset (RIS)", "abc\x1b[1;31m\x1b[5;10r\x1bcx"),
        ],
    ),
    (
        "what is no picture",
        &[
            ("titles, links and clipboard (OSC)", "a\x1b]0;title\x07b\x1b]8;;http://x/\x1b\\c\x1b]8;;\x1b\\d\x1b]52;c;eA==\x07e"),
            ("device control strings (DCS)", "a\x1bP1$r0m\x1b\\b"),
            ("application commands and messages (APC, PM, SOS)", "a\x1b_x\x1b\\b\x1b^y\x1b\\c\x1bXz\x1b\\d"),
            ("CAN and SUB end a sequence", "a\x1b[3\x18b\x1b[3\x1ac"),
            ("ESC within a sequence begins anew", "a\x1b[3\x1b[1mb"),
            ("controls within a sequence act", "ab\x1b[\x08Cx"),
            ("unknown sequences are skipped", "a\x1b[99zb\x1b[?9999hc\x1b%Gd\x1b[>4;2me"),
            ("many and huge parameters", "a\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20mb\x1b[0m\x1b[99999999999Cc"),
            ("synchronised output (2026)", "a\x1b[?2026hb\x1b[?2026lc"),
        ],
    ),
];

/// Recordings, and the places in them where a person would look: before each key.
const RECORDINGS: &[(&str, &[usize])] = &[
    ("vttest-1", &[738, 5797, 13227, 14002, 14811, 15148, 15960, 16642]),
    ("vttest-2", &[1271, 1771, 2933, 3908, 5052, 6009, 8940, 11856, 14778, 17694, 17853, 18000, 18581, 18628, 19973, 20655]),
    ("vttest-3", &[1511, 3272, 4022]),
    ("vttest-8", &[2904, 3237, 3428, 3523, 5970, 7529, 7906, 11315, 11648, 11891, 11987, 15706, 17889, 18266]),
    ("nvim-80x24", &[379, 764, 1280]),
    ("bastet-80x24", &[9259, 13619]),
    ("moon-buggy-80x24", &[2052, 2284]),
    ("apt-80x24", &[2967]),
    ("vim-80x24", &[]),
    ("htop-80x24", &[]),
    ("mc-80x24", &[]),
    ("less-80x24", &[]),
    ("nano-80x24", &[]),
    ("git-log-80x24", &[]),
    ("tmux-80x24", &[]),
];

/// Where ours differs from tmux, and why that is right.
const DIFFERENT: &[(&str, &str)] = &[
    ("a pending wrap and BS", "as xterm: back from the last column, not from the one beyond it"),
    ("overwriting half a wide character", "as xterm: the other half becomes a blank"),
    ("a zero-width joiner sequence", "the joiner is kept with its character; tmux drops it"),
    ("relative (HPR, VPR)", "tmux has neither"),
    ("forward and backward tabs (CHT, CBT)", "tmux has no CHT"),
    ("broken colours end there", "what is left of a broken colour is no attribute"),
    ("the cursor beside (1048)", "as xterm; tmux has no 1048"),
    ("many and huge parameters", "as xterm: a huge count goes to the margin; tmux drops the sequence"),
    ("vttest-1, 13227 bytes", "132 columns, which neither has: what is beyond the margin is lost differently"),
    ("vttest-1, 14002 bytes", "I to Z in order, as vttest wants it; tmux loses lines at a tab after the margin"),
    ("vttest-1, 14811 bytes", "as before"),
    ("vttest-2, 17853 bytes", "the line is at the bottom, as vttest wants it: setting margins goes to the region's origin"),
    ("vttest-3, 3272 bytes", "the underscore of the line-drawing set is a blank"),
    ("vttest-8, 11987 bytes", "132 columns"),
    ("vttest-8, 15706 bytes", "132 columns"),
];

/// A stream to draw.
struct Case {
    group: String,
    name: String,
    bytes: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for (group, cases) in CASES {
        all.extend(cases.iter().map(|(name, text)| Case { group: (*group).to_owned(), name: (*name).to_owned(), bytes: text.as_bytes().to_vec() }));
    }
    for (recording, cuts) in RECORDINGS {
        let file = root().join("tests/fixtures/term").join(recording).with_extension("bin");
        let bytes = fs::read(file).unwrap();
        let whole = [bytes.len()];
        for cut in if cuts.is_empty() { whole.as_slice() } else { cuts } {
            let group = if recording.starts_with("vttest") { "vttest" } else { "programs" };
            all.push(Case { group: group.to_owned(), name: format!("{recording}, {cut} bytes"), bytes: bytes[..*cut].to_vec() });
        }
    }
    all
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A screen as it is compared: cells by row, and the cursor as `column,row`.
type Seen = (Vec<Vec<Cell>>, String);

fn ours(bytes: &[u8]) -> Seen {
    let mut screen = Screen::new(SIZE, 1000);
    screen.feed(bytes);
    let rows = (0..i32::from(SIZE.rows)).map(|row| (0..SIZE.cols).map(|col| Cell { hyperlink: false, ..screen.cell(row, col) }).collect()).collect();
    let cursor = screen.cursor();
    (rows, format!("{},{}", cursor.col, cursor.row))
}

/// What `capture-pane` told: it leaves out the blank end of lines, in whatever colour that was cleared.
fn theirs(picture: &str, cursor: &str) -> Seen {
    let mut rows = parse(picture);
    rows.resize(usize::from(SIZE.rows), Vec::new());
    (rows, cursor.to_owned())
}

/// What is wrong with a screen, beside what tmux told.
fn difference(ours: &Seen, theirs: &Seen) -> Option<String> {
    let blank = Cell::default();
    for (row, (mine, judge)) in ours.0.iter().zip(&theirs.0).enumerate() {
        for (col, cell) in mine.iter().enumerate() {
            let wanted = judge.get(col);
            let text = wanted.unwrap_or(&blank);
            if (cell.text, cell.width) != (text.text, text.width) || wanted.is_some_and(|wanted| wanted != cell) {
                return Some(format!("row {row} column {col}: {cell:?}, but tmux {text:?}"));
            }
        }
    }
    // tmux tells a pending wrap as the column beyond the last; ours is a flag beside the last column.
    let same = ours.1 == theirs.1 || theirs.1.strip_prefix("80,").is_some_and(|row| ours.1 == format!("79,{row}"));
    (!same).then(|| format!("the cursor is at {}, but in tmux at {}", ours.1, theirs.1))
}

struct Area;

impl Dimensions for Area {
    fn total_lines(&self) -> usize {
        self.screen_lines()
    }

    fn screen_lines(&self) -> usize {
        usize::from(SIZE.rows)
    }

    fn columns(&self) -> usize {
        usize::from(SIZE.cols)
    }
}

/// Whether alacritty_terminal alone has the same text and cursor.
fn alone(bytes: &[u8], theirs: &Seen) -> bool {
    let mut term = Term::new(Config::default(), &Area, VoidListener);
    let mut parser: Processor = Processor::new();
    parser.advance(&mut term, bytes);
    let text = theirs.0.iter().enumerate().all(|(row, cells)| {
        (0..usize::from(SIZE.cols)).all(|col| {
            let raw = &term.grid()[Line(i32::try_from(row).unwrap())][Column(col)];
            let wanted = cells.get(col).copied().unwrap_or_default();
            let mut text = String::from(if raw.c == '\t' { ' ' } else { raw.c });
            text.extend(raw.zerowidth().into_iter().flatten());
            let text = if raw.flags.contains(Flags::WIDE_CHAR_SPACER) { String::new() } else { text };
            text == wanted.text.as_str()
        })
    });
    let point = term.grid().cursor.point;
    let cursor = format!("{},{}", point.column.0, point.line.0);
    text && (cursor == theirs.1 || theirs.1.strip_prefix("80,").is_some_and(|row| cursor == format!("79,{row}")))
}

#[test]
fn each_sequence_is_drawn_as_tmux_draws_it() {
    let golden = root().join("tests/golden/conformance.json");
    let update = std::env::var_os("UPDATE").is_some();
    let mut judged: BTreeMap<String, (String, String)> =
        fs::read_to_string(&golden).map_or_else(|_| BTreeMap::new(), |text| serde_json::from_str(&text).unwrap());
    if update && let Some(tmux) = Tmux::start() {
        judged = cases()
            .into_iter()
            .map(|case| (case.name, tmux.draw(&case.bytes, SIZE)))
            .map(|(name, (picture, cursor))| (name, (picture.trim_end().to_owned(), cursor)))
            .collect();
        fs::write(&golden, serde_json::to_string_pretty(&judged).unwrap() + "\n").unwrap();
    }
    let mut wrong = Vec::new();
    let mut groups: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    let mut table = String::new();
    for case in cases() {
        let (picture, cursor) = judged.get(&case.name).unwrap_or_else(|| panic!("'{}' has no golden picture: UPDATE=1", case.name));
        let judge = theirs(picture, cursor);
        let difference = difference(&ours(&case.bytes), &judge);
        let known = DIFFERENT.iter().find(|(name, _)| *name == case.name);
        match (&difference, known) {
            (Some(difference), None) => wrong.push(format!("{}: {difference}", case.name)),
            (None, Some(_)) => wrong.push(format!("{}: no longer different", case.name)),
            (Some(_), Some(_)) | (None, None) => {}
        }
        let alone = alone(&case.bytes, &judge);
        let sum = groups.entry(case.group.clone()).or_default();
        *sum = (sum.0 + 1, sum.1 + usize::from(difference.is_none()), sum.2 + usize::from(alone));
        let mark = |right: bool| if right { "✓" } else { "✗" };
        let why = known.map_or("", |(_, why)| why);
        writeln!(table, "| {} | {} | {} | {} | {why} |", case.group, case.name, mark(difference.is_none()), mark(alone)).unwrap();
    }
    println!("{groups:?}");
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
    let mut page = String::from(PAGE);
    let total = groups.values().fold((0, 0, 0), |sum, group| (sum.0 + group.0, sum.1 + group.1, sum.2 + group.2));
    for (group, (cases, ours, alone)) in groups.iter().chain([(&"all".to_owned(), &total)]) {
        writeln!(page, "| {group} | {cases} | {ours} | {alone} |").unwrap();
    }
    write!(page, "\n| group | case | cto | alacritty_terminal alone | remark |\n|---|---|---|---|---|\n{table}").unwrap();
    let file = root().join("docs/conformance.md");
    if update {
        fs::write(&file, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(file).unwrap(), page, "UPDATE=1 writes it");
    assert!(total.1 >= total.2, "ours is no worse than what it is made of");
}

#[test]
fn the_tmux_at_hand_judges_as_the_one_that_was_asked() {
    let Some(tmux) = Tmux::start() else { return };
    let golden: BTreeMap<String, (String, String)> = serde_json::from_str(&fs::read_to_string(root().join("tests/golden/conformance.json")).unwrap()).unwrap();
    // All of them where there is time: a window of tmux takes a tenth of a second.
    let step = if std::env::var_os("CTO_PROVE").is_some() { 1 } else { 7 };
    for case in cases().into_iter().step_by(step) {
        let (picture, cursor) = tmux.draw(&case.bytes, SIZE);
        assert_eq!((picture.trim_end(), cursor.as_str()), (golden[&case.name].0.as_str(), golden[&case.name].1.as_str()), "{}", case.name);
    }
}

const PAGE: &str = "# What the terminal draws

Each case is a stream of bytes: one sequence, a screen of vttest, or a moment of a real program, at 80×24. tmux 3.3a is the judge. For cto every cell counts, with its
attributes and colours, and the cursor; for alacritty_terminal alone, the engine below, only text and cursor. `tests/spec/conformance.rs` has the cases and writes this page.

| group | cases | cto as tmux | alacritty_terminal alone |
|---|---|---|---|
";
