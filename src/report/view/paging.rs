//! Long lists over numbered pages: so many rows a page, or fewer if they are long.

use std::ops::Range;

use serde::Serialize;

/// Bytes of a page's list, as HTML and about; the page around it is small.
pub(in crate::report) const PAGE_BYTES: usize = 500_000;

/// The pages of a list, for the links between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Paging {
    /// Number of this page, from 1.
    pub here: usize,
    /// Every page of the list.
    pub pages: Vec<PageLink>,
    /// Number of the first row here, from 1; 0 without rows.
    pub first: usize,
    /// Number of the last row here.
    pub last: usize,
    /// Rows on all pages.
    pub rows: usize,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PageLink {
    /// Its number.
    pub number: usize,
    /// Its file.
    pub file: String,
}

/// Splits a list of rows, given by their bytes, into pages: at least one, each with at least one row if there are any.
pub(in crate::report) fn split(rows: impl IntoIterator<Item = usize>, most_rows: usize) -> Vec<Range<usize>> {
    let mut pages = Vec::new();
    let (mut begun, mut at, mut bytes) = (0, 0, 0);
    for row in rows {
        if at > begun && (at - begun == most_rows || bytes + row > PAGE_BYTES) {
            pages.push(begun..at);
            (begun, bytes) = (at, 0);
        }
        bytes += row;
        at += 1;
    }
    pages.push(begun..at);
    pages
}

impl Paging {
    /// The links of one of these pages.
    pub(in crate::report) fn new(file: &str, ranges: &[Range<usize>], index: usize) -> Self {
        let here = ranges.get(index).cloned().unwrap_or_default();
        let link = |at: usize| PageLink { number: at + 1, file: numbered(file, at) };
        Self {
            here: index + 1,
            pages: (0..ranges.len()).map(link).collect(),
            first: if here.is_empty() { 0 } else { here.start + 1 },
            last: here.end,
            rows: ranges.last().map_or(0, |last| last.end),
        }
    }
}

/// File of a page of a list, counted from 0.
pub(in crate::report) fn numbered(file: &str, index: usize) -> String {
    match (index, file.strip_suffix(".html")) {
        (0, _) | (_, None) => file.to_owned(),
        (_, Some(stem)) => format!("{stem}_{}.html", index + 1),
    }
}

/// How many of a list's first rows, given by their bytes, fit a number of rows and of bytes.
pub(in crate::report) fn fitting(rows: impl IntoIterator<Item = usize>, most_rows: usize, most_bytes: usize) -> usize {
    let sums = rows.into_iter().scan(0_usize, |sum, row| {
        *sum += row;
        Some(*sum)
    });
    sums.take(most_rows).take_while(|sum| *sum <= most_bytes).count()
}

/// Bytes of texts as HTML: escaped, at most.
pub(in crate::report) fn bytes_of<'t>(texts: impl IntoIterator<Item = &'t str>) -> usize {
    let escaped = |c: char| if matches!(c, '<' | '>' | '&' | '"' | '\'' | '/' | '`') { 7 } else { c.len_utf8() };
    texts.into_iter().flat_map(str::chars).map(escaped).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_by_rows_and_by_bytes() {
        // what it shows, bytes of each row, most rows a page, where each page begins and ends
        let cases = [
            ("an empty list has a page", vec![], 10, vec![(0, 0)]),
            ("what fits stays together", vec![1; 10], 10, vec![(0, 10)]),
            ("one more opens a page", vec![1; 11], 10, vec![(0, 10), (10, 11)]),
            ("long rows fill a page sooner", vec![PAGE_BYTES / 2; 4], 10, vec![(0, 2), (2, 4)]),
            ("a row that is longer than a page has one to itself", vec![1, PAGE_BYTES + 1, 1], 10, vec![(0, 1), (1, 2), (2, 3)]),
        ];
        for (shows, rows, most, pages) in cases {
            let found: Vec<_> = split(rows, most).into_iter().map(|page| (page.start, page.end)).collect();
            assert_eq!(found, pages, "{shows}");
        }
    }

    #[test]
    fn a_list_that_is_not_split_is_cut() {
        assert_eq!(fitting([10; 9], 5, 1_000), 5, "by rows");
        assert_eq!(fitting([10; 9], 50, 35), 3, "by bytes");
        assert_eq!(fitting([], 50, 35), 0);
    }

    #[test]
    fn pages_are_numbered_in_their_files() {
        let paging = Paging::new("rule-x.html", &[0..10, 10..15], 1);
        assert_eq!((paging.first, paging.last, paging.rows), (11, 15, 15));
        assert_eq!(paging.pages.iter().map(|page| page.file.as_str()).collect::<Vec<_>>(), ["rule-x.html", "rule-x_2.html"]);
    }
}
