//! Work that mostly waits, on several threads.

use std::num::NonZero;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Result;

/// Does the work for each item, on so many threads at most, and hands each result to `done`, with the item's place, as it
/// comes. A slow item keeps its own thread busy, and no other item. There are no more threads than items, if the iterator
/// knows how many these are. Where no thread can be had, this one does it all. Once `done` fails no item is begun any more.
pub fn each<T: Send, R: Send>(
    threads: NonZero<u16>,
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> R + Sync,
    mut done: impl FnMut(usize, R) -> Result<()>,
) -> Result<()> {
    let threads = items.size_hint().1.unwrap_or(usize::MAX).min(threads.get().into());
    let items = Mutex::new(items.enumerate());
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (sender, receiver) = sync_channel(0);
    thread::scope(|scope| {
        let mut running = 0;
        for _ in 0..threads {
            let sender = sender.clone();
            let (next, work) = (&next, &work);
            let run = move || {
                while let Some((place, item)) = next() {
                    if sender.send((place, work(item))).is_err() {
                        break;
                    }
                }
            };
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                break;
            }
            running += 1;
        }
        drop(sender);
        if running == 0 {
            while let Some((place, item)) = next() {
                done(place, work(item))?;
            }
        }
        // Moved in, so that it goes when this fails, and the threads see it.
        receiver.into_iter().try_for_each(|(place, result)| done(place, result))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use anyhow::bail;

    use super::*;

    const THREE: NonZero<u16> = NonZero::new(3).unwrap();

    #[test]
    fn every_item_once() {
        let mut results = vec![0; 100];
        each(
            THREE,
            0..100_usize,
            |item| item * 2,
            |place, result| {
                results[place] += result;
                Ok(())
            },
        )
        .unwrap();
        assert!(results.iter().enumerate().all(|(place, result)| *result == place * 2));
    }

    #[test]
    fn a_slow_item_holds_up_no_other() {
        let (sender, receiver) = channel();
        let receiver = Mutex::new(receiver);
        let mut order = Vec::new();
        // The first item waits until all others are done.
        let work = |item| if item == 0 { receiver.lock().unwrap().recv().unwrap() } else { item };
        each(THREE, 0..50, work, |place, _| {
            order.push(place);
            if order.len() == 49 {
                sender.send(0).unwrap();
            }
            Ok(())
        })
        .unwrap();
        assert_eq!((order.len(), order.last()), (50, Some(&0)));
    }

    #[test]
    fn a_failure_ends_it() {
        let mut seen = 0;
        let result = each(
            THREE,
            0..,
            |item| item,
            |_, _| {
                seen += 1;
                if seen == 5 { bail!("enough") } else { Ok(()) }
            },
        );
        assert!(result.is_err() && seen == 5);
    }
}
