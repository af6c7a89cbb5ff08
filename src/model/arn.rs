//! Amazon Resource Names, of every partition.

use std::fmt;

/// The six parts of `arn:partition:service:region:account:resource`.
///
/// Region and account may be empty (S3 buckets; EC2 snapshots have no account). The resource part keeps its own colons and slashes.
/// Source: AWS General Reference, "Amazon Resource Names (ARNs)".
///
/// ```
/// use backup_audit::model::Arn;
/// let arn = Arn::parse("arn:aws-cn:rds:cn-north-1:111122223333:db:orders").unwrap();
/// assert_eq!((arn.partition, arn.service, arn.resource), ("aws-cn", "rds", "db:orders"));
/// assert!(Arn::parse("orders").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`, …
    pub partition: &'a str,
    /// The service as ARNs spell it: `rds`, `ec2`, `backup`.
    pub service: &'a str,
    /// Empty for global resources.
    pub region: &'a str,
    /// Empty where the service leaves it out.
    pub account: &'a str,
    /// Everything after the fifth colon.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits a text into the parts, or gives `None` if it has fewer than six or does not begin with `arn`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let right = arn == "arn" && !partition.is_empty() && !service.is_empty() && !resource.is_empty();
        right.then_some(Self { partition, service, region, account, resource })
    }

    /// The last segment of the resource part: `orders` of `db:orders`, `prod` of `backup-vault:prod`.
    pub fn name(&self) -> &'a str {
        self.resource.rsplit([':', '/']).next().unwrap_or(self.resource)
    }
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:{}:{}:{}:{}", self.partition, self.service, self.region, self.account, self.resource)
    }
}
