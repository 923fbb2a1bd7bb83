#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::pem;

fuzz_target!(|bytes: &[u8]| {
    for block in pem::blocks(bytes).map_while(Result::ok) {
        let Ok(body) = block.decode() else { continue };
        let text = pem::encode(block.label(), &body);
        let again = pem::blocks(text.as_bytes()).collect::<Result<Vec<_>, _>>().expect("what was written reads back");
        let again: Vec<_> = again.iter().map(|block| (block.label(), block.decode())).collect();
        assert_eq!(again, [(block.label(), Ok(body))]);
    }
});
