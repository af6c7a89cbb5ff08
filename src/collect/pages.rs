//! The pages of one listing: which token comes next, and when to stop.
//!
//! The paginators of the SDK end without an error when a token repeats, and read an answer without its list as an empty page. Both would
//! make something unread look empty, so collectors ask page by page with this.

use std::collections::HashSet;

use super::collector::{Harvest, ReadError};
use crate::dataset::ReadStatus;

/// Where a listing stands.
///
/// ```text
/// let mut pages = Pages::of("ListThings");
/// while pages.more() {
///     let page = client.list_things().set_next_token(pages.token()).send().await…?;
///     for thing in pages.items(harvest, "Things", page.things)? { … }
///     pages.follow(page.next_token)?;
/// }
/// ```
#[derive(Debug)]
pub(crate) struct Pages {
    operation: &'static str,
    token: Option<String>,
    followed: HashSet<String>,
    more: bool,
}

impl Pages {
    /// A listing that has not begun.
    pub(crate) fn of(operation: &'static str) -> Self {
        Self { operation, token: None, followed: HashSet::new(), more: true }
    }

    /// Whether a page is still to be asked for.
    pub(crate) fn more(&self) -> bool {
        self.more
    }

    /// The token to ask with; none for the first page.
    pub(crate) fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// The items of a page, counted in the harvest.
    ///
    /// # Errors
    /// The answer has no list, not even an empty one: then it is no answer to the question.
    pub(crate) fn items<T>(&self, harvest: &mut Harvest, field: &str, items: Option<Vec<T>>) -> Result<Vec<T>, ReadError> {
        let items = answered(self.operation, field, items)?;
        harvest.page(items.len());
        Ok(items)
    }

    /// Takes the token of a page that was read; none or an empty one ends the listing. A page without items but with a token does not.
    ///
    /// # Errors
    /// A token that was followed before would lead round for ever.
    pub(crate) fn follow(&mut self, token: Option<String>) -> Result<(), ReadError> {
        let token = token.filter(|token| !token.is_empty());
        if let Some(token) = &token
            && !self.followed.insert(token.clone())
        {
            return Err(unreadable(self.operation, "AWS sent the same page token twice; the rest of the list was not read"));
        }
        self.more = token.is_some();
        self.token = token;
        Ok(())
    }
}

/// A part of an answer that must be there.
///
/// # Errors
/// It is not.
pub(crate) fn answered<T>(operation: &str, field: &str, part: Option<T>) -> Result<T, ReadError> {
    part.ok_or_else(|| unreadable(operation, &format!("the answer holds no {field}")))
}

/// The error of an answer that arrived but cannot be what was asked for.
pub(crate) fn unreadable(operation: &str, reason: &str) -> ReadError {
    ReadError { status: ReadStatus::Unavailable, operation: operation.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_follows_every_token_and_never_one_twice() {
        let mut pages = Pages::of("ListThings");
        let mut harvest = Harvest::default();
        assert_eq!(pages.token(), None);
        assert_eq!(pages.items(&mut harvest, "Things", Some(vec![1, 2])), Ok(vec![1, 2]));
        pages.follow(Some("a".into())).unwrap();
        assert!(pages.more(), "an empty page with a token is not the end");
        assert_eq!(pages.items::<i32>(&mut harvest, "Things", Some(vec![])), Ok(vec![]));
        pages.follow(Some("b".into())).unwrap();
        assert_eq!(pages.token().as_deref(), Some("b"));
        let error = pages.follow(Some("a".into())).unwrap_err();
        assert_eq!(error.status, ReadStatus::Unavailable, "a then b then a is a loop, too");
        assert_eq!((harvest.pages(), harvest.items()), (2, 2));
    }

    #[test]
    fn an_empty_token_ends_and_a_missing_list_is_an_error() {
        let mut pages = Pages::of("ListThings");
        pages.follow(Some(String::new())).unwrap();
        assert!(!pages.more());
        let error = pages.items::<i32>(&mut Harvest::default(), "Things", None).unwrap_err();
        assert_eq!(error.to_string(), "ListThings: the answer holds no Things");
    }
}
