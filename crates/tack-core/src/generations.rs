//! The two generations of a tack.

use crate::error::Error;

/// The generation of a tack, and the lowest that is not revoked (draft-02, section 3.2.1): 0 to 255 each.
///
/// A client that sees min_generation refuses the tacks of the same key whose generation is lower. So a tack of generation
/// 255 can never be revoked.
///
/// ```
/// use tack_core::Generations;
///
/// let generations = Generations::new(1, 2)?;
/// assert_eq!((generations.min_generation(), generations.generation()), (1, 2));
/// assert!(Generations::new(2, 1).is_err());
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generations {
    min_generation: u8,
    generation: u8,
}

impl Generations {
    /// Puts them together.
    ///
    /// # Errors
    /// [`Error::Generation`] if `generation` is below `min_generation` (draft-02, section 4.3.1).
    pub fn new(min_generation: u8, generation: u8) -> Result<Self, Error> {
        if generation < min_generation {
            return Err(Error::Generation { generation, min_generation });
        }
        Ok(Self { min_generation, generation })
    }

    /// The lowest generation that is not revoked.
    #[must_use]
    pub const fn min_generation(self) -> u8 {
        self.min_generation
    }

    /// The tack's own generation.
    #[must_use]
    pub const fn generation(self) -> u8 {
        self.generation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_order() {
        assert_eq!(Generations::new(0, 0), Ok(Generations::default()));
        assert!(Generations::new(255, 255).is_ok());
        assert_eq!(Generations::new(2, 1), Err(Error::Generation { generation: 1, min_generation: 2 }));
    }
}
