#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::pem;

fuzz_target!(|bytes: &[u8]| {
    let blocks: Vec<_> = pem::blocks(bytes).collect();
    let mut reader = pem::Reader::default();
    let mut in_pieces = Vec::new();
    for mut piece in bytes.chunks(7) {
        in_pieces.extend(std::iter::from_fn(|| reader.next_block(&mut piece)));
    }
    in_pieces.extend(reader.finish().map(Err));
    assert_eq!(in_pieces, blocks);
    for block in blocks.into_iter().flatten() {
        let Ok(body) = block.decode() else { continue };
        let text = pem::encode(block.label(), &body);
        let again = pem::blocks(text.as_bytes()).collect::<Result<Vec<_>, _>>().expect("what was written reads back");
        let again: Vec<_> = again.iter().map(|block| (block.label(), block.decode())).collect();
        assert_eq!(again, [(block.label(), Ok(body))]);
    }
});
