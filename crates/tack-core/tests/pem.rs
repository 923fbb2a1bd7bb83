//! Damaged PEM is read the same in pieces, at once, and by a model that searches the text again and again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tack_core::{Error, pem};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Text in which much looks like the marks of PEM.
fn damaged_pem() -> impl Strategy<Value = String> {
    const BLOCK: &str = "-----BEGIN A-----\nAAEC\n-----END A-----\n";
    let tokens = [BEGIN, END, DASHES, BLOCK, "BEGIN ", "A", "AAEC", "-", "--", "\n", " ", "\u{e9}"];
    let long = "A".repeat(60);
    let tokens: Vec<_> = tokens.map(ToOwned::to_owned).into_iter().chain([long]).collect();
    vec(select(tokens), 0..40).prop_map(|tokens| tokens.concat())
}

/// What a reader finds of a text in these pieces: labels and bodies, or errors.
fn found<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Result<pem::Block, Error>> {
    let mut reader = pem::Reader::default();
    let mut found = Vec::new();
    for mut piece in pieces {
        found.extend(std::iter::from_fn(|| reader.next_block(&mut piece)));
    }
    found.extend(reader.finish().map(Err));
    found
}

/// The first block, or its error, and the text from where the reading goes on.
fn first(text: &str) -> Option<(Result<pem::Block, Error>, &str)> {
    let (_, rest) = text.split_once(BEGIN)?;
    let Some((label, body)) = split_label(rest) else { return Some((Err(Error::PemBegin), rest)) };
    let next = body.find(BEGIN);
    let cut = |rest| Some((Err(Error::PemEnd { label: label.to_owned() }), rest));
    let (body, end) = match body.split_once(END) {
        Some((before, end)) if next.is_none_or(|next| next > before.len()) => (before, end),
        _ => return cut(next.map_or("", |next| &body[next..])),
    };
    let Some((end, rest)) = split_label(end) else { return cut(end) };
    if end != label {
        return Some((Err(Error::PemLabels { label: label.to_owned(), end: end.to_owned() }), rest));
    }
    // By itself, with its odd body.
    let block = format!("{BEGIN}{label}{DASHES}{body}{END}{label}{DASHES}");
    pem::blocks(block.as_bytes()).next().map(|block| (block, rest))
}

fn split_label(text: &str) -> Option<(&str, &str)> {
    let is_good = |label: &str| label.len() <= 64 && label.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    text.split_once(DASHES).filter(|(label, _)| is_good(label))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_pem_reads_the_same_in_pieces_and_by_searching(text in damaged_pem(), size in 1..30_usize) {
        let whole = found([text.as_bytes()]);
        prop_assert_eq!(&found(text.as_bytes().chunks(size)), &whole);
        prop_assert_eq!(&pem::blocks(text.as_bytes()).collect::<Vec<_>>(), &whole);

        let mut rest = text.as_str();
        let mut searched = Vec::new();
        while let Some((block, after)) = first(rest) {
            rest = after;
            searched.push(block);
        }
        prop_assert_eq!(&searched, &whole);
    }
}
